import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Environment } from '../../control-plane/binaries.ts';
import { startProcess, type RunningProcess } from './processes.ts';

/** A kubelet that only runs static pods, as processes. */
export interface StaticKubelet extends AsyncDisposable {
  /** How often a pod was started, by the name of its container. */
  readonly starts: () => Readonly<Record<string, number>>;
  /** Files of the folder that contain no pod. */
  readonly refused: () => readonly string[];
  readonly logTails: () => Promise<string>;
}

interface StaticKubeletOptions {
  /** The folder of manifests. Each pod in it runs. */
  readonly manifests: string;
  readonly folder: string;
  readonly environment: Environment;
  /** Programs by the names that manifests use. */
  readonly programs: Readonly<Record<string, string>>;
}

interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Pod {
  readonly kind: string;
  readonly spec: {
    readonly containers: readonly Container[];
    readonly volumes?: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
  };
}

interface Running {
  readonly file: string;
  readonly digest: string;
  readonly name: string;
  readonly process: RunningProcess;
}

const gate = fileURLToPath(new URL('../../../bin/kube-image-bouncer.js', import.meta.url));
const pollMs = 100;
// The kubelet would wait for thirty seconds. An API server with open watches would use all of them.
const graceMs = 1_000;

/**
 * Runs the static pods of a folder until it is disposed. A new file is started, a changed file is restarted, a
 * removed file is stopped, and a process that ends is started again. Like the kubelet it reads every file whose name
 * does not begin with a dot.
 */
export function startStaticKubelet(options: StaticKubeletOptions): StaticKubelet {
  const running = new Map<string, Running>();
  const starts: Record<string, number> = {};
  const refused = new Set<string>();
  const stopping = new AbortController();
  const sync = async (): Promise<void> => {
    const wanted = await readManifests(options.manifests, refused);
    for (const [file, one] of running) {
      const isSame = wanted.get(file)?.digest === one.digest;
      if (isSame && one.process.ending() === undefined) continue;
      await one.process.stop('SIGTERM', graceMs);
      running.delete(file);
    }
    for (const [file, { pod, digest }] of wanted) {
      if (running.has(file) || stopping.signal.aborted) continue;
      const [container] = pod.spec.containers;
      if (container === undefined) continue;
      starts[container.name] = (starts[container.name] ?? 0) + 1;
      running.set(file, {
        file,
        digest,
        name: container.name,
        process: startContainer(pod, container, options),
      });
    }
  };
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await sync();
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  })();
  return {
    starts: () => starts,
    refused: () => [...refused],
    logTails: async () => {
      const tails = [...running.values()].map(
        async (one) => `--- ${one.name}\n${await one.process.logTail()}`,
      );
      return (await Promise.all(tails)).join('\n');
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await loop;
      await Promise.all([...running.values()].map(async (one) => one.process.stop('SIGKILL')));
    },
  };
}

async function readManifests(
  folder: string,
  refused: Set<string>,
): Promise<ReadonlyMap<string, { readonly pod: Pod; readonly digest: string }>> {
  const pods = new Map<string, { readonly pod: Pod; readonly digest: string }>();
  for (const name of await readdir(folder)) {
    if (name.startsWith('.')) continue;
    const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const pod = podIn(text);
    if (pod === undefined) refused.add(name);
    else pods.set(name, { pod, digest: createHash('sha256').update(text).digest('hex') });
  }
  return pods;
}

function podIn(text: string): Pod | undefined {
  try {
    const pod = parse(text) as Pod | null;
    return pod?.kind === 'Pod' ? pod : undefined;
  } catch {
    return undefined;
  }
}

/** The path on the node of a path in the container: mounts are replaced by the paths of their volumes. */
function startContainer(pod: Pod, container: Container, options: StaticKubeletOptions): RunningProcess {
  const mounts = (container.volumeMounts ?? []).flatMap(({ name, mountPath }) => {
    const path = pod.spec.volumes?.find((volume) => volume.name === name)?.hostPath?.path;
    return path === undefined || path === mountPath ? [] : [{ mountPath, path }];
  });
  const onNode = (word: string): string =>
    mounts.reduce((text, { mountPath, path }) => text.replaceAll(mountPath, path), word);
  const [program, ...words] = [...(container.command ?? ['gate']), ...(container.args ?? [])].map(onNode);
  const known = options.programs[program ?? ''];
  return startProcess({
    program: known ?? process.execPath,
    arguments: known === undefined ? [gate, ...words] : words,
    environment: options.environment,
    workingFolder: options.folder,
    logFile: join(options.folder, `${container.name}.log`),
  });
}
