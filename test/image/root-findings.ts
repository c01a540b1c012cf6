import { lstat, open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A forbidden file in the root of an image. */
export interface RootFinding {
  /** The path in the container. */
  readonly path: string;
  readonly problem: string;
}

/** The one program of the image. */
const PROGRAM = '/usr/bin/node';

/** Names of shells and package managers. A link with such a name counts, too. */
const TOOLS =
  /^(?:(?:ba|da|a|z|k|c|tc|fi)?sh|busybox|toybox|env|su|sudo|npm|npx|corepack|yarn|pnpm|apt|apt-get|dpkg|apk|rpm|perl|python[\d.]*|curl|wget|nc)$/;

/** The loader and the libraries are executable, but they are not programs. */
const LIBRARY = /\.so(?:\.[\d.]+)?$/;

const SET_ID = 0o6000;
const EXECUTABLE = 0o111;
/** Writable for the group or for all. The user of the image is neither root nor in the group of root. */
const WRITABLE = 0o022;

/**
 * Finds files of a root that are neither Node, nor its libraries, nor writable only for their owner. @param owner the
 * required owner of all files @default root
 */
export async function findingsIn(root: string, owner = 0): Promise<readonly RootFinding[]> {
  const names = await readdir(root, { recursive: true });
  const findings = await Promise.all(
    names.map(async (name) => {
      const problems = await problemsOf(join(root, name), `/${name}`, owner);
      return problems.map((problem) => ({ path: `/${name}`, problem }));
    }),
  );
  return findings.flat();
}

async function problemsOf(file: string, path: string, owner: number): Promise<readonly string[]> {
  const status = await lstat(file);
  const problems: string[] = [];
  if (!status.isDirectory() && TOOLS.test(basename(path))) problems.push('has the name of a tool');
  if (status.uid !== owner) problems.push(`belongs to user ${status.uid}`);
  // The mode of a link has no meaning.
  if (status.isSymbolicLink()) return problems;
  if ((status.mode & SET_ID) !== 0) problems.push('sets its user or group');
  if ((status.mode & WRITABLE) !== 0) problems.push('can be written');
  if (status.isDirectory()) return problems;
  if (!status.isFile()) return [...problems, 'is neither a file, nor a folder, nor a link'];
  if ((status.mode & EXECUTABLE) !== 0 && path !== PROGRAM && !LIBRARY.test(path))
    problems.push('can be executed');
  if ((await firstBytes(file)) === '#!') problems.push('is a script');
  return problems;
}

async function firstBytes(file: string): Promise<string> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  return buffer.toString('latin1', 0, bytesRead);
}
