import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { findBinaries, type Environment, type KubernetesVersion } from '../../control-plane/binaries.ts';
import { apiServerArguments, prepareFolder, startEtcd, type Layout } from './control-plane.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-ports.ts';
import { runCommand, startProcess, type CommandResult, type RunningProcess } from './processes.ts';
import { startStaticKubelet, type StaticKubelet } from './static-kubelet.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** A control-plane node: etcd, and the static pods in its folder of manifests. */
export interface Node extends AsyncDisposable {
  /** The folder that replaces `/etc/kubernetes`. The files of the tests are elsewhere. */
  readonly kubernetes: string;
  /** The folder of the gate, which does not exist yet. */
  readonly folder: string;
  readonly manifest: string;
  readonly kubeconfig: string;
  readonly kubelet: StaticKubelet;
  readonly kubectl: (...words: readonly string[]) => Promise<CommandResult>;
  /** Runs `kube-image-bouncer bootstrap image-policy` with the paths of this node. */
  readonly bootstrap: (...words: readonly string[]) => Promise<CommandResult>;
  /** Runs controllers of kube-controller-manager with these flags. */
  readonly startControllers: (...flags: readonly string[]) => void;
  /** Every file and folder below `kubernetes`, with mode and content. */
  readonly tree: () => Promise<Readonly<Record<string, string>>>;
  readonly logTails: () => Promise<string>;
}

const bouncer = fileURLToPath(new URL('../../../bin/kube-image-bouncer.js', import.meta.url));
const timeoutMs = 90_000;

/** Flags and mounts that the API server already has. */
export interface EarlierWiring {
  readonly flags: readonly string[];
  /** Folders of the node that the API server mounts, at the same path. */
  readonly mounts: readonly string[];
}

/** The options of a node. */
interface NodeOptions {
  readonly environment: Environment;
  readonly version: KubernetesVersion;
  /** Changes the files of the node before it starts. */
  readonly prepare?: (kubernetes: string) => Promise<EarlierWiring>;
  /** The folder that replaces `/etc/kubernetes`. @default a temporary folder */
  readonly kubernetes?: string;
  /** A program that runs in place of kube-apiserver and gets its path. */
  readonly replaceApiServer?: (program: string, folder: string) => Promise<string>;
}

/** Starts a node whose API server is a static pod, as kubeadm writes it, and waits until the API server is ready. */
export async function startNode(options: NodeOptions): Promise<Node> {
  const binaries = await findBinaries(options.environment, options.version);
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await makeTemporaryFolder('node')).path;
  const layout = await prepareFolder(folder, { environment: options.environment });
  parts.use(await startEtcd(binaries, layout));
  const kubernetes = options.kubernetes ?? join(folder, 'kubernetes');
  const manifest = await prepareNode(kubernetes, layout, options);
  const { kubeApiserver } = binaries;
  const program = (await options.replaceApiServer?.(kubeApiserver, folder)) ?? kubeApiserver;
  const programs = { 'kube-apiserver': program };
  const { environment } = layout;
  const kubelet = parts.use(
    startStaticKubelet({ manifests: dirname(manifest), folder, environment, programs }),
  );
  const kubectl: Node['kubectl'] = (...words) =>
    runCommand(binaries.kubectl, words, {
      environment: { ...environment, KUBECONFIG: layout.kubeconfig },
      timeoutMs,
    });
  await untilReady(kubectl, kubelet);
  const gateFolder = join(kubernetes, 'kube-image-bouncer');
  const flags = [
    `--folder=${gateFolder}`,
    `--manifest=${manifest}`,
    `--unit=${join(kubernetes, 'kube-image-bouncer.service')}`,
    `--port=${await freePort()}`,
    `--health-port=${await freePort()}`,
  ];
  const owned = parts.move();
  return {
    kubernetes,
    folder: gateFolder,
    manifest,
    kubeconfig: layout.kubeconfig,
    kubelet,
    kubectl,
    bootstrap: (...words) =>
      runCommand(process.execPath, [bouncer, 'bootstrap', 'image-policy', ...flags, ...words], {
        environment,
        timeoutMs,
      }),
    startControllers: (...words) =>
      void owned.use(startControllerManager(binaries.kubeControllerManager, layout, words)),
    tree: () => treeOf(kubernetes),
    logTails: () => kubelet.logTails(),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function prepareNode(kubernetes: string, layout: Layout, options: NodeOptions): Promise<string> {
  const manifests = join(kubernetes, 'manifests');
  await mkdir(manifests, { recursive: true });
  const manifest = join(manifests, 'kube-apiserver.yaml');
  const earlier = (await options.prepare?.(kubernetes)) ?? {
    flags: ['--enable-admission-plugins=NodeRestriction'],
    mounts: [],
  };
  const flags = [...earlier.flags, ...apiServerArguments(layout)];
  const mounts = ['/etc/ssl/certs', ...earlier.mounts];
  await writeFile(manifest, renderApiServerPod(flags, mounts, options.version), { mode: 0o600 });
  return manifest;
}

async function untilReady(kubectl: Node['kubectl'], kubelet: StaticKubelet): Promise<void> {
  try {
    await eventually(
      'the API server becomes ready, with its default namespace',
      async () => ((await kubectl('get', 'namespace', 'default')).code === 0 ? true : undefined),
      { timeoutMs: 60_000 },
    );
  } catch (error) {
    throw new Error(await kubelet.logTails(), { cause: error });
  }
}

function startControllerManager(program: string, layout: Layout, flags: readonly string[]): RunningProcess {
  return startProcess({
    program,
    arguments: [`--kubeconfig=${layout.kubeconfig}`, '--leader-elect=false', '--secure-port=0', ...flags],
    environment: layout.environment,
    workingFolder: layout.folder,
    logFile: join(layout.folder, 'kube-controller-manager.log'),
  });
}

/** The manifest as kubeadm writes it, with a comment that a user added. */
function renderApiServerPod(flags: readonly string[], mounts: readonly string[], version: string): string {
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
          command: ['kube-apiserver', ...flags],
          image: `registry.k8s.io/kube-apiserver:${version}.0`,
          imagePullPolicy: 'IfNotPresent',
          name: 'kube-apiserver',
          volumeMounts: mounts.map((path, index) => ({
            mountPath: path,
            name: `mount-${index}`,
            readOnly: true,
          })),
        },
      ],
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      volumes: mounts.map((path, index) => ({
        hostPath: { path, type: 'DirectoryOrCreate' },
        name: `mount-${index}`,
      })),
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
