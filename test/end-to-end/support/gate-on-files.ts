import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, GivenUpError } from './eventually.ts';
import { freePort } from './free-ports.ts';
import { startProcess } from './processes.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** A gate whose certificate files the test manages. */
export interface GateOnFiles extends AsyncDisposable {
  readonly port: number;
  readonly healthPort: number;
  readonly log: () => Promise<string>;
}

const program = fileURLToPath(new URL('../../../bin/kube-image-bouncer.js', import.meta.url));

/**
 * Starts `kube-image-bouncer serve` with these flags, on free ports of loopback unless the ports of another gate are
 * given.
 */
export async function startGateOnFiles(
  flags: readonly string[],
  former?: Pick<GateOnFiles, 'port' | 'healthPort'>,
): Promise<GateOnFiles> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await makeTemporaryFolder('gate')).path;
  const { port, healthPort } = former ?? { port: await freePort(), healthPort: await freePort() };
  const ports = [`--port=${port}`, `--health-port=${healthPort}`, '--bind=127.0.0.1', '--drain=0'];
  const logFile = join(folder, 'gate.log');
  const gate = resources.use(
    startProcess({
      program: process.execPath,
      arguments: [program, 'serve', ...ports, ...flags],
      environment: { PATH: process.env['PATH'], HOME: folder },
      workingFolder: folder,
      logFile,
    }),
  );
  await eventually('the gate becomes ready', async () => {
    if (gate.ending() !== undefined) throw new GivenUpError(`the gate ended: ${await gate.logTail()}`);
    const { ok } = await fetch(`http://127.0.0.1:${healthPort}/readyz`, {
      signal: AbortSignal.timeout(1000),
    });
    return ok ? true : undefined;
  });
  const owned = resources.move();
  return {
    port,
    healthPort,
    log: () => readFile(logFile, 'utf8'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
