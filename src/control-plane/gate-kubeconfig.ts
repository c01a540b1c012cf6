import { type Path, valueAt } from '../document/json.ts';
import { renderYaml } from '../document/render.ts';
import type { TextDocument } from '../document/yaml.ts';
import { listAt } from './api-server-manifest.ts';
import { ControlPlaneError } from './errors.ts';
import { findMisfit, type GoType } from './go-type.ts';
import { openAsYaml } from './server-document.ts';

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
  /** Why client-go refuses it although each value has the right type. */
  readonly conflicts: readonly Conflict[];
}

/** Values of a kubeconfig that client-go refuses together. */
interface Conflict {
  /** `line:column`. */
  readonly position: string;
  readonly sentence: string;
}

const NAMED_EXTENSIONS: GoType = { list: { fields: { name: 'text', extension: 'any' } } };

/** client-go ignores keys that it does not know. */
const KUBECONFIG: GoType = {
  fields: {
    apiVersion: 'text',
    kind: 'text',
    preferences: { fields: { colors: 'boolean', extensions: NAMED_EXTENSIONS } },
    'current-context': 'text',
    extensions: NAMED_EXTENSIONS,
    clusters: {
      list: {
        fields: {
          name: 'text',
          cluster: {
            fields: {
              server: 'text',
              'tls-server-name': 'text',
              'insecure-skip-tls-verify': 'boolean',
              'certificate-authority': 'text',
              'certificate-authority-data': 'bytes',
              'proxy-url': 'text',
              'disable-compression': 'boolean',
              extensions: NAMED_EXTENSIONS,
            },
          },
        },
      },
    },
    contexts: {
      list: {
        fields: {
          name: 'text',
          context: {
            fields: { cluster: 'text', user: 'text', namespace: 'text', extensions: NAMED_EXTENSIONS },
          },
        },
      },
    },
    users: {
      list: {
        fields: {
          name: 'text',
          user: {
            fields: {
              'client-certificate': 'text',
              'client-certificate-data': 'bytes',
              'client-key': 'text',
              'client-key-data': 'bytes',
              token: 'text',
              tokenFile: 'text',
              as: 'text',
              'as-uid': 'text',
              'as-groups': { list: 'text' },
              'as-user-extra': { map: { list: 'text' } },
              username: 'text',
              password: 'text',
              'auth-provider': { fields: { name: 'text', config: { map: 'text' } } },
              exec: 'any',
              extensions: NAMED_EXTENSIONS,
            },
          },
        },
      },
    },
  },
};

/**
 * Reads the kubeconfig of `ImagePolicyWebhook` as client-go does, following its current context. `kind` and
 * `apiVersion` may be missing.
 *
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {ControlPlaneError} GATE_KUBECONFIG_INVALID if client-go cannot decode it
 */
export function parseGateKubeconfig(text: string, file: string): WrittenGateWay {
  const document = openKubeconfig(text, file);
  const root = document?.value;
  const read = (path: Path | undefined): KubeconfigValue | undefined => {
    const value = path === undefined ? undefined : valueAt(root, path);
    if (path === undefined || typeof value !== 'string' || value === '') return undefined;
    return { value, position: document?.positionOf(path) ?? '1:1' };
  };
  const currentContext = read(['current-context']);
  const context = entryOf(root, 'contexts', currentContext?.value ?? '', 'context');
  const cluster = entryOf(root, 'clusters', nameAt(root, context, 'cluster'), 'cluster');
  const user = entryOf(root, 'users', nameAt(root, context, 'user'), 'user');
  const conflicts = document === undefined ? [] : findConflicts(document, cluster, user);
  return {
    currentContext,
    // Without a current context client-go takes the cluster without a name.
    hasContext: context !== undefined || (currentContext === undefined && cluster !== undefined),
    server: read(below(cluster, 'server')),
    authorityFile: read(below(cluster, 'certificate-authority')),
    authorityData: read(below(cluster, 'certificate-authority-data')),
    isUnverified: valueAt(root, below(cluster, 'insecure-skip-tls-verify') ?? []) === true,
    serverName: read(below(cluster, 'tls-server-name')),
    clientCertificateFile: read(below(user, 'client-certificate')),
    clientCertificateData: read(below(user, 'client-certificate-data')),
    clientKeyFile: read(below(user, 'client-key')),
    clientKeyData: read(below(user, 'client-key-data')),
    conflicts,
  };
}

/**
 * The document of a kubeconfig, with the types that client-go decodes; `undefined` if it is empty.
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {ControlPlaneError} GATE_KUBECONFIG_INVALID
 */
export function openKubeconfig(text: string, file: string): TextDocument | undefined {
  const document = openAsYaml(text, file, { equalKeys: 'last' });
  const root = document?.value;
  if (document === undefined) return undefined;
  const fail = (path: Path, sentence: string): ControlPlaneError =>
    new ControlPlaneError('GATE_KUBECONFIG_INVALID', `${file}:${document.positionOf(path)}: ${sentence}`);
  const misfit = findMisfit(root, KUBECONFIG, false);
  if (misfit !== undefined) throw fail(misfit.path, misfit.what);
  for (const [key, only] of [
    ['kind', 'Config'],
    ['apiVersion', 'v1'],
  ] as const) {
    const value = valueAt(root, [key]) ?? '';
    if (value !== '' && value !== only) throw fail([key], `it is not a kubeconfig (write ${key}: ${only})`);
  }
  for (const list of ['clusters', 'contexts', 'users'])
    for (const [index, entry] of listAt(root, [list]).entries()) {
      const name = valueAt(entry, ['name']) ?? '';
      const first = listAt(root, [list]).findIndex((one) => (valueAt(one, ['name']) ?? '') === name);
      if (first !== index)
        throw fail([list, index], `${list} has two entries with the name ${JSON.stringify(name)}`);
    }
  return document;
}

/** What client-go refuses in the chosen cluster and user. */
function findConflicts(
  document: TextDocument,
  cluster: Path | undefined,
  user: Path | undefined,
): readonly Conflict[] {
  const has = (path: Path | undefined, key: string): boolean =>
    path !== undefined && isSet(valueAt(document.value, [...path, key]));
  const conflict = (path: Path | undefined, key: string, sentence: string): Conflict => ({
    position: document.positionOf([...(path ?? []), key]),
    sentence,
  });
  const both = (path: Path | undefined, key: string): readonly Conflict[] =>
    has(path, key) && has(path, `${key}-data`)
      ? [conflict(path, key, `it has ${key} and ${key}-data, and client-go allows only one`)]
      : [];
  const isIdentified = has(user, 'client-certificate') || has(user, 'client-certificate-data');
  const isSecure = /^https:/i.test(String(valueAt(document.value, [...(cluster ?? []), 'server'])));
  const hasAuthority = has(cluster, 'certificate-authority') || has(cluster, 'certificate-authority-data');
  return [
    ...both(cluster, 'certificate-authority'),
    ...(isSecure && hasAuthority && has(cluster, 'insecure-skip-tls-verify')
      ? [
          conflict(
            cluster,
            'insecure-skip-tls-verify',
            'it is true beside a CA, and client-go allows only one',
          ),
        ]
      : []),
    ...(isIdentified ? [...both(user, 'client-certificate'), ...both(user, 'client-key')] : []),
    ...(isIdentified && !has(user, 'client-key') && !has(user, 'client-key-data')
      ? [conflict(user, 'client-certificate', 'the user has a client certificate and no client-key')]
      : []),
    ...(has(user, 'token') && (has(user, 'username') || has(user, 'password'))
      ? [conflict(user, 'token', 'the user has a token and a password, and client-go allows only one')]
      : []),
    ...['as-uid', 'as-groups', 'as-user-extra']
      .filter((key) => has(user, key) && !has(user, 'as'))
      .map((key) => conflict(user, key, `${key} needs \`as\` beside it`)),
  ];
}

/** Whether a value is not what Go has for a missing one. */
function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== '' && value !== false;
}

/** The body of a named entry of `contexts`, `clusters` or `users`. A missing name is empty. */
function entryOf(root: unknown, list: string, name: string, body: string): Path | undefined {
  const index = listAt(root, [list]).findIndex((entry) => (valueAt(entry, ['name']) ?? '') === name);
  return index === -1 ? undefined : [list, index, body];
}

function nameAt(root: unknown, context: Path | undefined, key: string): string {
  const name = context === undefined ? undefined : valueAt(root, [...context, key]);
  return typeof name === 'string' ? name : '';
}

function below(path: Path | undefined, key: string): Path | undefined {
  return path === undefined ? undefined : [...path, key];
}
