// Files of a healthy control-plane node in memory, and tests that change one of them.
import { posix } from 'node:path';
import { renderAdmissionConfiguration } from '../../src/control-plane/image-policy-edit.ts';
import { ControlPlaneError } from '../../src/control-plane/errors.ts';
import { GATE_FILES } from '../../src/control-plane/gate-command.ts';
import { renderGateKubeconfig } from '../../src/control-plane/gate-kubeconfig.ts';
import { mergeWebhookPlugin } from '../../src/control-plane/webhook-plugin.ts';
import type { Finding, FindingCode } from '../../src/diagnosis/finding.ts';
import { examineNode } from '../../src/diagnosis/node/examine.ts';
import { gatherNode, type NodeQuestion } from '../../src/diagnosis/node/gather.ts';
import type { NodeFiles, NodeMaterial } from '../../src/diagnosis/node/material.ts';
import { renderYaml } from '../../src/document/render.ts';
import { nodeFilesIn, renderWebhookKubeconfig } from '../../src/webhook/api-server-client.ts';
import { renderStaticConfiguration } from '../../src/webhook/configuration.ts';
import { heldPolicy } from './cluster-findings.ts';
import { clientPair, dayAfter, gateAuthority, servedChain, servingPair } from './gate-certificates.ts';
import { reports } from './findings.ts';

const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const FOLDER = '/etc/kubernetes/kube-image-bouncer';
const ORIGIN = 'https://127.0.0.1:8443';
const STATIC_FOLDER = `${FOLDER}/static-webhooks`;
const WEBHOOK_KUBECONFIG = `${FOLDER}/webhook-kubeconfig.yaml`;
const VERSION = { major: 1, minor: 37, text: 'v1.37.1' };

/** How the API server of a node calls the gate. */
type NodeWiring = 'image-policy' | 'static';

/** The one thing that differs from a healthy node. */
export interface NodeChange {
  /**
   * The new text of a file, an edit of its text, or `undefined` for no file. Keys are paths, absolute or relative to
   * the folder of the gate.
   */
  readonly files?: Readonly<Record<string, string | undefined | ((text: string) => string)>>;
  /** Files that cannot be read, with the code of the system. Keys as in `files`. */
  readonly unreadable?: Readonly<Record<string, 'EACCES' | 'EISDIR'>>;
  /** Circumstances of the examination. */
  readonly question?: Partial<NodeQuestion>;
  /** Parts of the material, after the files were read. */
  readonly material?: Partial<NodeMaterial>;
}

/** The notes of every node with `ImagePolicyWebhook`. */
const ALWAYS: ReadonlySet<FindingCode> = new Set(['IMAGE_VOLUMES_UNSEEN', 'JOB_PODS_KEPT']);

/** A test that a healthy node with one change has exactly these findings, and the notes of every such node. */
export function imagePolicyReports(codes: readonly FindingCode[], cause: string, change: NodeChange): void {
  reports(codes, cause, async () =>
    (await examineChangedNode('image-policy', change)).filter(({ code }) => !ALWAYS.has(code)),
  );
}

/** A test that a healthy node with static webhooks and one change has exactly these findings. */
export function staticReports(codes: readonly FindingCode[], cause: string, change: NodeChange): void {
  reports(codes, cause, () => examineChangedNode('static', change));
}

/** The findings of a healthy node with one change. */
export async function examineChangedNode(
  wiring: NodeWiring,
  { files = {}, unreadable = {}, question, material }: NodeChange,
): Promise<readonly Finding[]> {
  const gathered = await gatherNode({
    files: refusing(inMemory(changedFiles(HEALTHY_FILES[wiring], files)), unreadable),
    manifestFile: MANIFEST,
    folder: FOLDER,
    version: undefined,
    policy: undefined,
    isOnNode: true,
    now: () => dayAfter(1),
    fetchChain: async () => servedChain,
    offerPair: async () => true,
    ...question,
  });
  return examineNode({ ...gathered, ...material });
}

const COMMON: Readonly<Record<string, string>> = {
  [`${FOLDER}/${GATE_FILES.policy}`]: `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: test}
spec: {unmatchedImages: Allow, rules: [{name: no-latest, disallowedTags: {tags: [latest]}}]}
`,
  [`${FOLDER}/${GATE_FILES.authority}`]: gateAuthority.certificate,
  [`${FOLDER}/${GATE_FILES.certificate}`]: servingPair.certificate,
  [`${FOLDER}/${GATE_FILES.key}`]: servingPair.key,
  [`${FOLDER}/${GATE_FILES.clientCertificate}`]: clientPair.certificate,
  [`${FOLDER}/${GATE_FILES.clientKey}`]: clientPair.key,
};

const ADMISSION_FILE = `${FOLDER}/${GATE_FILES.admissionConfiguration}`;

const HEALTHY_FILES: Readonly<Record<NodeWiring, Readonly<Record<string, string>>>> = {
  'image-policy': {
    ...COMMON,
    [MANIFEST]: renderManifest(['--enable-admission-plugins=NodeRestriction,ImagePolicyWebhook']),
    [ADMISSION_FILE]: renderAdmissionConfiguration({
      kubeConfigFile: `${FOLDER}/${GATE_FILES.kubeconfig}`,
      allowTTL: 50,
      denyTTL: 50,
      retryBackoff: 500,
      defaultAllow: false,
    }),
    [`${FOLDER}/${GATE_FILES.kubeconfig}`]: renderGateKubeconfig({
      server: `${ORIGIN}/image_policy`,
      authorityFile: `${FOLDER}/${GATE_FILES.authority}`,
      clientCertificateFile: `${FOLDER}/${GATE_FILES.clientCertificate}`,
      clientKeyFile: `${FOLDER}/${GATE_FILES.clientKey}`,
    }),
  },
  static: {
    ...COMMON,
    [MANIFEST]: renderManifest([]),
    [ADMISSION_FILE]: mergeWebhookPlugin(undefined, ADMISSION_FILE, {
      kubeConfigFile: WEBHOOK_KUBECONFIG,
      staticManifestsDir: STATIC_FOLDER,
    }),
    [WEBHOOK_KUBECONFIG]: renderYaml(
      renderWebhookKubeconfig({ form: 'url', origin: ORIGIN }, nodeFilesIn(FOLDER)),
    ),
    [`${STATIC_FOLDER}/kube-image-bouncer.yaml`]: renderYaml(
      renderStaticConfiguration({
        address: { form: 'url', origin: ORIGIN },
        policy: heldPolicy,
        stage: 'deny',
        kubeSystem: 'deny',
        exemptNamespaces: [],
        timeoutSeconds: 10,
        version: VERSION,
        trust: gateAuthority.certificate,
      }),
    ),
  },
};

function renderManifest(flags: readonly string[]): string {
  return renderYaml({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'kube-apiserver' },
    spec: {
      containers: [
        {
          name: 'kube-apiserver',
          image: 'registry.k8s.io/kube-apiserver:v1.37.1',
          command: ['kube-apiserver', ...flags, `--admission-control-config-file=${ADMISSION_FILE}`],
          volumeMounts: [{ name: 'gate', mountPath: FOLDER }],
        },
      ],
      volumes: [{ name: 'gate', hostPath: { path: FOLDER } }],
    },
  });
}

function changedFiles(
  healthy: Readonly<Record<string, string>>,
  changes: NonNullable<NodeChange['files']>,
): ReadonlyMap<string, string> {
  const files = new Map(Object.entries(healthy));
  for (const [name, change] of Object.entries(changes)) {
    const path = posix.resolve(FOLDER, name);
    const before = files.get(path);
    const after = typeof change === 'function' ? change(before ?? '') : change;
    if (after === before) throw new Error(`the change has no effect on ${path}`);
    if (after === undefined) files.delete(path);
    else files.set(path, after);
  }
  return files;
}

/** The same files, of which the system refuses some. */
function refusing(files: NodeFiles, unreadable: NonNullable<NodeChange['unreadable']>): NodeFiles {
  const codes = new Map(
    Object.entries(unreadable).map(([name, code]) => [posix.resolve(FOLDER, name), code]),
  );
  return {
    ...files,
    find: async (path) => {
      const code = codes.get(path);
      if (code === undefined) return files.find(path);
      const cause = Object.assign(new Error(code), { code });
      throw new ControlPlaneError('NODE_FILE_UNREADABLE', `${path}: ${code}`, { cause });
    },
  };
}

/** Files of a node in memory, with their folders. */
export function inMemory(files: ReadonlyMap<string, string>): NodeFiles {
  return {
    find: async (path) => {
      const text = files.get(path);
      if (text === undefined) return undefined;
      return { content: Buffer.from(text), mode: 0o600, uid: 0, gid: 0 };
    },
    list: async (folder) => {
      const below = [...files.keys()].filter((path) => path.startsWith(`${folder}/`));
      const names = new Set(below.map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''));
      return names.size === 0 ? undefined : [...names];
    },
  };
}
