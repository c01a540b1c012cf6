import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { findBinaries, type Environment, type KubernetesVersion } from '../control-plane/binaries.ts';
import { apiServerArguments, prepareFolder, startEtcd, type Layout } from './control-plane.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-ports.ts';
import { runCommand, startProcess, type CommandResult } from './processes.ts';
import { startStaticKubelet, type StaticKubelet } from './static-kubelet.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** A control-plane node: etcd, and whatever its folder of manifests says. */
export interface Node extends AsyncDisposable {
  /** What stands for `/etc/kubernetes`; the tests' own files are elsewhere. */
  readonly kubernetes: string;
  /** The gate's folder, not made yet. */
  readonly folder: string;
  readonly manifest: string;
  readonly kubeconfig: string;
  readonly port: number;
  readonly kubelet: StaticKubelet;
  readonly layout: Layout;
  readonly kubectl: (...words: readonly string[]) => Promise<CommandResult>;
  /** `kube-image-bouncer bootstrap image-policy` with the places of this node. */
  readonly bootstrap: (...words: readonly string[]) => Promise<CommandResult>;
  /** Runs controllers of kube-controller-manager with flags of their own. */
  readonly startControllers: (...flags: readonly string[]) => Promise<void>;
  /** Every file and folder below `kubernetes`, with mode and content. */
  readonly tree: () => Promise<Readonly<Record<string, string>>>;
  readonly logTails: () => Promise<string>;
}

const program = fileURLToPath(new URL('../../bin/kube-image-bouncer.js', import.meta.url));
const timeoutMs = 90_000;

/** Starts a node whose API server is a static pod, as kubeadm writes it; waits until it is ready. */
export async function startNode(options: {
  readonly environment: Environment;
  readonly version: KubernetesVersion;
  /** Further flags of the API server. */
  readonly flags?: readonly string[];
}): Promise<Node> {
  const binaries = await findBinaries(options.environment, options.version);
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await makeTemporaryFolder('node')).path;
  const layout = await prepareFolder(folder, { environment: options.environment });
  parts.use(await startEtcd(binaries, layout));
  const kubernetes = join(folder, 'kubernetes');
  const manifests = join(kubernetes, 'manifests');
  await mkdir(manifests, { recursive: true });
  const manifest = join(manifests, 'kube-apiserver.yaml');
  const flags = [...apiServerArguments(layout), ...(options.flags ?? [])];
  await writeFile(manifest, renderApiServerPod(flags, options.version), { mode: 0o600 });
  const kubelet = parts.use(
    startStaticKubelet({
      manifests,
      folder,
      environment: layout.environment,
      programs: { 'kube-apiserver': binaries.kubeApiserver },
    }),
  );
  const kubectl: Node['kubectl'] = (...words) =>
    runCommand(binaries.kubectl, words, {
      environment: { ...layout.environment, KUBECONFIG: layout.kubeconfig },
      timeoutMs,
    });
  await eventually(
    'the API server becomes ready, with its default namespace',
    async () => ((await kubectl('get', 'namespace', 'default')).code === 0 ? true : undefined),
    { timeoutMs: 60_000 },
  );
  const port = await freePort();
  const healthPort = await freePort();
  const gateFolder = join(kubernetes, 'kube-image-bouncer');
  const owned = parts.move();
  return {
    kubernetes,
    folder: gateFolder,
    manifest,
    kubeconfig: layout.kubeconfig,
    port,
    kubelet,
    layout,
    kubectl,
    bootstrap: (...words) =>
      runCommand(
        process.execPath,
        [
          program,
          'bootstrap',
          'image-policy',
          `--folder=${gateFolder}`,
          `--manifest=${manifest}`,
          `--unit=${join(kubernetes, 'kube-image-bouncer.service')}`,
          `--port=${port}`,
          `--health-port=${healthPort}`,
          ...words,
        ],
        { environment: layout.environment, timeoutMs },
      ),
    startControllers: async (...words) => {
      owned.use(
        startProcess({
          program: binaries.kubeControllerManager,
          arguments: [
            `--kubeconfig=${layout.kubeconfig}`,
            '--leader-elect=false',
            '--secure-port=0',
            ...words,
          ],
          environment: layout.environment,
          workingFolder: folder,
          logFile: join(folder, 'kube-controller-manager.log'),
        }),
      );
    },
    tree: () => treeOf(kubernetes),
    logTails: () => kubelet.logTails(),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

/** The manifest as kubeadm writes it, with somebody's comment in it. */
function renderApiServerPod(flags: readonly string[], version: string): string {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      labels: { component: 'kube-apiserver', tier: 'control-plane' },
      name: 'kube-apiserver',
      namespace: 'kube-system',
    },
    spec: {
      containers: [
        {
          command: ['kube-apiserver', '--enable-admission-plugins=NodeRestriction', ...flags],
          image: `registry.k8s.io/kube-apiserver:${version}.0`,
          imagePullPolicy: 'IfNotPresent',
          name: 'kube-apiserver',
          volumeMounts: [{ mountPath: '/etc/ssl/certs', name: 'ca-certs', readOnly: true }],
        },
      ],
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      volumes: [{ hostPath: { path: '/etc/ssl/certs', type: 'DirectoryOrCreate' }, name: 'ca-certs' }],
    },
    status: {},
  };
  const text = stringify(pod, { indentSeq: false, lineWidth: 0 });
  return text.replace('    image: registry', '    # pinned by the platform team\n    image: registry');
}

async function treeOf(root: string): Promise<Readonly<Record<string, string>>> {
  const tree: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode, uid, gid } = await stat(path);
    const content = entry.isFile() ? await readFile(path, 'base64') : 'folder';
    tree[path.slice(root.length)] = `${(mode & 0o7777).toString(8)} ${uid}:${gid} ${content}`;
  }
  return tree;
}
