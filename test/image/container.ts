import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../scripts/image-tools.ts';
import { eventually, GivenUpError } from '../end-to-end/support/eventually.ts';
import { startProcess } from '../end-to-end/support/processes.ts';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';

/** A process in its own container. */
export interface Container extends AsyncDisposable {
  /** Its stdout and stderr so far. */
  readonly output: () => Promise<string>;
  /** Process id of its first process on the host. */
  readonly pid: () => Promise<number>;
  /** Resolves with its exit code when it ends. */
  readonly exited: Promise<string>;
  /** Sends a signal to its first process, which is number 1 there. */
  readonly kill: (signal: 'SIGTERM') => Promise<void>;
}

/** A running gate in a container. */
export interface ContainedGate extends Container {
  readonly scheme: 'https';
  readonly port: number;
  readonly healthPort: number;
}

let started = 0;

/** Starts a container with runc; it ends with the test. */
export async function startContainer(specification: object): Promise<Container> {
  const { path: folder } = await makeTemporaryFolder('container');
  await writeFile(join(folder, 'config.json'), JSON.stringify(specification));
  started += 1;
  const name = `kube-image-bouncer-${process.pid}-${started}`;
  const runc = (...args: readonly string[]): Promise<string> =>
    run('runc', ['--root', join(folder, 'state'), ...args]);
  const logFile = join(folder, 'output');
  const child = startProcess({
    program: 'runc',
    arguments: ['--root', join(folder, 'state'), 'run', '--bundle', folder, name],
    environment: { PATH: process.env['PATH'] },
    workingFolder: folder,
    logFile,
  });
  return {
    output: () => readFile(logFile, 'utf8'),
    pid: async () => (JSON.parse(await runc('state', name)) as { readonly pid: number }).pid,
    exited: child.exited,
    kill: async (signal) => void (await runc('kill', name, signal)),
    [Symbol.asyncDispose]: async () => {
      // If the container does not exist, it has already ended.
      await runc('delete', '--force', name).catch(() => undefined);
      await child.stop('SIGKILL');
    },
  };
}

/** Starts a container and waits until its gate logs its port. */
export async function startContainedGate(specification: object): Promise<ContainedGate> {
  const container = await startContainer(specification);
  let ending: string | undefined;
  void container.exited.then((how) => (ending = how));
  const { port, healthPort } = await eventually('the gate in the container listens', async () => {
    const output = await container.output();
    const line = output.split('\n').find((text) => text.includes('"msg":"listening"'));
    if (line !== undefined) return JSON.parse(line) as Pick<ContainedGate, 'port' | 'healthPort'>;
    if (ending !== undefined) throw new GivenUpError(`the container ended with ${ending}: ${output}`);
    return undefined;
  });
  return { ...container, scheme: 'https', port, healthPort };
}
