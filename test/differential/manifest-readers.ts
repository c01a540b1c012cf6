import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { builtModule, type Environment } from '../support/go-programs.ts';
import { SERVER_MODULE } from './server-readers.ts';

/** What kubectl 1.37 reads. */
export interface ManifestAnswer {
  /** The documents before the first problem, without empty ones. */
  readonly documents: readonly unknown[];
  /** Why it stops; empty if it reads all. */
  readonly problem: string;
}

/** Reads many texts. Returns the answers in the same order. */
export type ManifestReaders = (texts: readonly string[]) => readonly ManifestAnswer[];

/**
 * The reader of kubectl 1.37 (k8s.io/apimachinery, sigs.k8s.io/yaml), built once into the cache.
 * @throws {GoError} if Go is missing or does not build it.
 */
export async function findManifestReaders(environment: Environment): Promise<ManifestReaders> {
  const program = join(await builtModule(SERVER_MODULE, environment), 'manifest-readers');
  return (texts) => {
    if (texts.length === 0) return [];
    const { status, stdout, stderr, error } = spawnSync(program, {
      input: texts.map((text) => `${JSON.stringify(text)}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: 1 << 30,
      timeout: 120_000,
    });
    if (error !== undefined) throw error;
    const answers = stdout.split('\n').slice(0, -1);
    if (status !== 0 || answers.length !== texts.length)
      throw new Error(
        `The reader of kubectl ended with ${status} after ${answers.length} of ${texts.length} answers:\n${stderr}`,
      );
    return answers.map((line) => JSON.parse(line) as ManifestAnswer);
  };
}
