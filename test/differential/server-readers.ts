import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtModule, type Environment, type GoModule } from '../support/go-programs.ts';
import type { ServerInput } from './server-files.ts';

/** What kube-apiserver makes of its files. Paths are relative to their folder, with a slash before them. */
export interface ServerAnswer {
  /** Why it does not start; empty if it starts. */
  readonly problem: string;
  readonly plugins: readonly string[] | null;
  readonly settings: {
    readonly kubeConfigFile: string;
    readonly allowTTL: number;
    readonly denyTTL: number;
    readonly retryBackoff: number;
    readonly defaultAllow: boolean;
  } | null;
  readonly server: string;
  readonly authority: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
  readonly staticFolder: string;
}

/** Reads many inputs. Resolves with the answers in the same order. */
export type ServerReaders = (inputs: readonly ServerInput[]) => readonly ServerAnswer[];

export const SERVER_MODULE: GoModule = {
  folder: fileURLToPath(new URL('api-server/', import.meta.url)),
  cache: 'differential',
  required: 'k8s.io/kubernetes',
  programs: { 'server-readers': '.', 'manifest-readers': './manifests' },
  sources: ['main.go', 'manifests/main.go'],
};

const BATCH_MS = 120_000;

/**
 * The readers of kube-apiserver 1.37, built once into the cache.
 * @throws {GoError} if Go is missing or does not build them.
 */
export async function findServerReaders(environment: Environment): Promise<ServerReaders> {
  const program = join(await builtModule(SERVER_MODULE, environment), 'server-readers');
  return (inputs) => {
    const { status, stdout, stderr, error } = spawnSync(program, {
      input: inputs.map((input) => `${JSON.stringify(input)}\n`).join(''),
      encoding: 'utf8',
      // Without a home folder client-go finds no other kubeconfig.
      env: { PATH: environment['PATH'] ?? '', TMPDIR: environment['TMPDIR'] ?? '/tmp', HOME: '/nonexistent' },
      maxBuffer: 1 << 30,
      timeout: BATCH_MS,
    });
    if (error !== undefined) throw error;
    const answers = stdout.split('\n').slice(0, -1);
    if (status !== 0 || answers.length !== inputs.length)
      throw new Error(
        `The readers of kube-apiserver ended with ${status} after ${answers.length} of ${inputs.length} answers:\n${stderr}`,
      );
    return answers.map((line) => JSON.parse(line) as ServerAnswer);
  };
}
