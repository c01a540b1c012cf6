import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAuthority, type Authority } from '../../../src/certificate/authority.ts';
import type { Environment, KubernetesVersion } from '../../control-plane/binaries.ts';
import {
  startControlPlane,
  type ApiServerOptions,
  type ClusterUser,
  type ControlPlane,
} from './control-plane.ts';
import { startGate, type Gate, type GateSettings } from './gate.ts';
import { runCommand, type CommandResult } from './processes.ts';

/** A cluster and a gate outside it that are not wired yet. Commands of this program wire them. */
export interface WiredCluster extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly gate: Gate;
  readonly authority: Authority;
  /** File with the PEM of the gate's CA. */
  readonly authorityFile: string;
  /** Runs `bootstrap webhook --url` for this gate in this cluster, with additional arguments. */
  readonly bootstrap: (...commandArguments: readonly string[]) => Promise<CommandResult>;
  readonly logTails: () => Promise<string>;
}

const program = fileURLToPath(new URL('../../../bin/kube-image-bouncer.js', import.meta.url));
const commandTimeoutMs = 120_000;

/** Runs a command of this program as a user would, without the environment of the user who runs the test. */
export async function runOurselves(
  folder: string,
  commandArguments: readonly string[],
): Promise<CommandResult> {
  return runCommand(process.execPath, [program, ...commandArguments], {
    environment: { PATH: process.env['PATH'], HOME: folder },
    timeoutMs: commandTimeoutMs,
  });
}

/** Starts a cluster of a version and a gate outside it. */
export async function openWiredCluster(options: {
  readonly environment: Environment;
  readonly version: KubernetesVersion;
  readonly gate?: GateSettings;
  readonly users?: readonly ClusterUser[];
  readonly apiServer?: ApiServerOptions;
  readonly controllers?: boolean;
  readonly moreControllers?: readonly string[];
}): Promise<WiredCluster> {
  const { environment, gate: settings = {}, ...cluster } = options;
  await using parts = new AsyncDisposableStack();
  const authority = await createAuthority({ commonName: 'bootstrap tests', notBefore: new Date(), days: 1 });
  const gate = parts.use(await startGate({ environment, authority, ...settings }));
  const controlPlane = parts.use(await startControlPlane({ environment, ...cluster }));
  const authorityFile = join(controlPlane.folder, 'gate-ca.crt');
  await writeFile(authorityFile, authority.certificate);
  const owned = parts.move();
  return {
    controlPlane,
    gate,
    authority,
    authorityFile,
    bootstrap: async (...commandArguments) =>
      runOurselves(controlPlane.folder, [
        'bootstrap',
        'webhook',
        `--url=${gate.url}`,
        `--ca-cert=${authorityFile}`,
        `--kubeconfig=${controlPlane.kubeconfig}`,
        ...commandArguments,
      ]),
    logTails: async () => `${await controlPlane.logTails()}\n--- gate\n${await gate.logTail()}`,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
