import { type Path, valueAt } from '../document/json.ts';
import { renderYaml } from '../document/render.ts';
import { parseDocuments } from '../document/yaml.ts';
import { listAt } from './api-server-manifest.ts';
import { ControlPlaneError } from './errors.ts';

/** How the API server connects to the gate. */
interface GateWay {
  /** `https://host:port/image_policy`, or the path of another stage. */
  readonly server: string;
  /** The files have absolute paths. */
  readonly authorityFile: string;
  readonly clientCertificateFile: string;
  readonly clientKeyFile: string;
}

/**
 * Renders the kubeconfig of `ImagePolicyWebhook`. The plugin requires a context and a current context, also for a single
 * cluster and user.
 */
export function renderGateKubeconfig(way: GateWay): string {
  return renderYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'kube-image-bouncer',
        cluster: { server: way.server, 'certificate-authority': way.authorityFile },
      },
    ],
    users: [
      {
        name: 'kube-apiserver',
        user: { 'client-certificate': way.clientCertificateFile, 'client-key': way.clientKeyFile },
      },
    ],
    contexts: [
      {
        name: 'kube-image-bouncer',
        context: { cluster: 'kube-image-bouncer', user: 'kube-apiserver' },
      },
    ],
    'current-context': 'kube-image-bouncer',
  });
}

/** A value in a kubeconfig, and its place. */
export interface KubeconfigValue {
  readonly value: string;
  /** `line:column`. */
  readonly position: string;
}

/** The values of a kubeconfig for the connection to the gate. A missing value is `undefined`. */
export interface WrittenGateWay {
  readonly currentContext: KubeconfigValue | undefined;
  readonly hasContext: boolean;
  readonly server: KubeconfigValue | undefined;
  /** A file, relative to the folder of the kubeconfig. */
  readonly authorityFile: KubeconfigValue | undefined;
  /** Base64 of PEM. */
  readonly authorityData: KubeconfigValue | undefined;
  readonly isUnverified: boolean;
  readonly serverName: KubeconfigValue | undefined;
  readonly clientCertificateFile: KubeconfigValue | undefined;
  readonly clientCertificateData: KubeconfigValue | undefined;
  readonly clientKeyFile: KubeconfigValue | undefined;
  /** Never shown. */
  readonly clientKeyData: KubeconfigValue | undefined;
}

/**
 * Reads the kubeconfig of `ImagePolicyWebhook`, following its current context.
 *
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {ControlPlaneError} GATE_KUBECONFIG_INVALID if the document is not a kubeconfig
 */
export function parseGateKubeconfig(text: string, file: string): WrittenGateWay {
  const [document, second] = parseDocuments(text, file);
  const root = document?.value;
  if (document === undefined || second !== undefined || valueAt(root, ['kind']) !== 'Config') {
    throw new ControlPlaneError(
      'GATE_KUBECONFIG_INVALID',
      `${file}:${document?.positionOf(['kind']) ?? '1:1'}: it is not a kubeconfig (write apiVersion: v1, kind: Config)`,
    );
  }
  const read = (path: Path | undefined): KubeconfigValue | undefined => {
    const value = path === undefined ? undefined : valueAt(root, path);
    if (path === undefined || typeof value !== 'string' || value === '') return undefined;
    return { value, position: document.positionOf(path) };
  };
  const currentContext = read(['current-context']);
  const context = entryOf(root, 'contexts', currentContext?.value, 'context');
  const cluster = entryOf(root, 'clusters', nameAt(root, context, 'cluster'), 'cluster');
  const user = entryOf(root, 'users', nameAt(root, context, 'user'), 'user');
  return {
    currentContext,
    hasContext: context !== undefined,
    server: read(below(cluster, 'server')),
    authorityFile: read(below(cluster, 'certificate-authority')),
    authorityData: read(below(cluster, 'certificate-authority-data')),
    isUnverified: valueAt(root, below(cluster, 'insecure-skip-tls-verify') ?? []) === true,
    serverName: read(below(cluster, 'tls-server-name')),
    clientCertificateFile: read(below(user, 'client-certificate')),
    clientCertificateData: read(below(user, 'client-certificate-data')),
    clientKeyFile: read(below(user, 'client-key')),
    clientKeyData: read(below(user, 'client-key-data')),
  };
}

/** The body of a named entry of `contexts`, `clusters` or `users`. */
function entryOf(root: unknown, list: string, name: string | undefined, body: string): Path | undefined {
  const index = listAt(root, [list]).findIndex(
    (entry) => name !== undefined && valueAt(entry, ['name']) === name,
  );
  return index === -1 ? undefined : [list, index, body];
}

function nameAt(root: unknown, context: Path | undefined, key: string): string | undefined {
  const name = context === undefined ? undefined : valueAt(root, [...context, key]);
  return typeof name === 'string' ? name : undefined;
}

function below(path: Path | undefined, key: string): Path | undefined {
  return path === undefined ? undefined : [...path, key];
}
