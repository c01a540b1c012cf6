import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { run } from '../../src/cli/program.ts';
import type { Environment, ExitCode } from '../../src/cli/command.ts';

/** The result of a command line. */
export interface Outcome {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly env?: Environment;
  readonly stdin?: string | Iterable<Uint8Array>;
  /** Whether standard output and standard error are terminals. @default false */
  readonly isTerminal?: boolean;
}

/** Runs one command line in memory. */
export async function bouncer(
  args: readonly string[],
  { env = {}, stdin = '', isTerminal = false }: Surroundings = {},
): Promise<Outcome> {
  const [stdout, stderr] = [new Collector(isTerminal), new Collector(isTerminal)];
  const input = typeof stdin === 'string' ? [Buffer.from(stdin)] : stdin;
  const code = await run(args, env, { stdin: Readable.from(input), stdout, stderr });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** A folder with these files. Disposing removes it. */
export async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'bouncer-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
  file(name: string): string;
}

class Collector extends Writable {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.text += Buffer.from(chunk).toString();
    done();
  }
}
