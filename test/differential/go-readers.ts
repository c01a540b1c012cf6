import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { builtModule, type Environment, type GoModule } from '../support/go-programs.ts';

/** A reference as a program reads it. An empty string means no tag or no digest. */
export interface GoImage {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  /** The name that is passed to the runtime, or that the runtime makes of it. */
  readonly pulled: string;
}

/**
 * How each program between the API server and the runtime reads one text; `null` if it refuses the text. See
 * `main.go`.
 */
export interface GoAnswer {
  /** distribution/reference v0.6.0: containerd, and the kubelet of the newest Kubernetes. */
  readonly runtime: GoImage | null;
  /** docker/distribution v2.8.1: the kubelet of the oldest. */
  readonly kubelet: GoImage | null;
  /** go-containerregistry v0.22.1: signers, scanners, other gates. */
  readonly registryClient: GoImage | null;
}

/** Sends many texts to all programs. Resolves with the readings in the same order. */
export type GoReaders = (texts: readonly string[]) => readonly GoAnswer[];

const MODULE: GoModule = {
  folder: fileURLToPath(new URL('.', import.meta.url)),
  cache: 'differential',
  required: 'github.com/distribution/reference',
  programs: { 'go-readers': '.' },
  sources: ['main.go'],
};

/** A batch takes less than a second. A program that hangs is killed. */
const BATCH_MS = 60_000;
const OUTPUT_BYTES = 1 << 30;

/**
 * The Go programs, built once into the cache.
 *
 * @throws {GoError} if Go is missing or does not build them.
 */
export async function findGoReaders(environment: Environment): Promise<GoReaders> {
  const program = join(await builtModule(MODULE, environment), 'go-readers');
  return (texts) => {
    const { status, stdout, stderr, error } = spawnSync(program, {
      input: texts.map((text) => `${JSON.stringify(text)}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: OUTPUT_BYTES,
      timeout: BATCH_MS,
    });
    if (error !== undefined) throw error;
    const answers = stdout.split('\n').slice(0, -1);
    if (status !== 0 || answers.length !== texts.length) {
      throw new Error(
        `The Go readers ended with ${status} after ${answers.length} of ${texts.length} answers:\n${stderr}`,
      );
    }
    return answers.map((line) => JSON.parse(line) as GoAnswer);
  };
}
