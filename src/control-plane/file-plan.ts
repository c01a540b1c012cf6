import { readFile, realpath, stat } from 'node:fs/promises';
import { ControlPlaneError } from './errors.ts';
import { renderLineDiff } from './line-diff.ts';

/** A file as it should be. */
export interface PlannedFile {
  /** Absolute. */
  readonly path: string;
  /** `undefined`: there should be no such file. */
  readonly content: string | undefined;
  /** @default that of the file that is there, else 0600 */
  readonly mode?: number;
  /** User and group that the file belongs to, where we may say so. @default that of the file that is there */
  readonly owner?: number;
  /** A private key: never shown, and never overwritten unless somebody insists. @default false */
  readonly isKey?: boolean;
}

/** A file as it is. */
export interface FoundFile {
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A file that is not as it should be. */
export interface FileChange {
  readonly file: PlannedFile;
  readonly before: FoundFile | undefined;
}

export interface PlanOptions {
  /** Whether files can be given to others: we are root. */
  readonly isRoot: boolean;
}

/**
 * Which files of a plan are not as they should be; none when there is nothing to do.
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE
 */
export async function comparePlan(
  plan: readonly PlannedFile[],
  { isRoot }: PlanOptions,
): Promise<readonly FileChange[]> {
  const changes: FileChange[] = [];
  for (const file of plan) {
    // Behind a link stands the file that is meant; renaming over the link would leave that one as it is.
    const path = await placeOf(file.path);
    const before = await findFile(path);
    if (!isAsPlanned(file, before, isRoot)) changes.push({ file: { ...file, path }, before });
  }
  return changes;
}

function isAsPlanned(file: PlannedFile, before: FoundFile | undefined, isRoot: boolean): boolean {
  if (file.content === undefined || before === undefined) return file.content === before;
  return (
    before.content.equals(Buffer.from(file.content)) &&
    (file.mode === undefined || file.mode === before.mode) &&
    (!isRoot || file.owner === undefined || (file.owner === before.uid && file.owner === before.gid))
  );
}

/**
 * The file at a path; `undefined` when there is none.
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE
 */
export async function findFile(path: string): Promise<FoundFile | undefined> {
  try {
    const [content, { mode, uid, gid }] = [await readFile(path), await stat(path)];
    return { content, mode: mode & 0o7777, uid, gid };
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new ControlPlaneError('NODE_FILE_UNREADABLE', `${path}: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * Where a file really is, behind links; the path itself when there is none.
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE
 */
export async function placeOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    if (isMissing(cause)) return path;
    throw new ControlPlaneError('NODE_FILE_UNREADABLE', `${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** Changes as a unified diff, to look at; of a private key no more than that there is one. */
export function renderChanges(changes: readonly FileChange[]): string {
  return changes.map(renderChange).join('');
}

function renderChange({ file, before }: FileChange): string {
  const { path, content, isKey = false } = file;
  const mode = file.mode ?? before?.mode ?? 0o600;
  const names = `--- ${before === undefined ? '/dev/null' : path}\n+++ ${content === undefined ? '/dev/null' : path}\n`;
  const notes = [
    ...(content !== undefined && mode !== before?.mode ? [`# mode ${octal(mode)}\n`] : []),
    ...(isKey ? ['# a private key, not shown\n'] : []),
  ];
  const lines = isKey ? '' : renderLineDiff(before?.content.toString(), content);
  return `${names}${notes.join('')}${lines}`;
}

/** A mode as `chmod` takes it. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** Whether a file or a folder on the way to it is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** What the file system said. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
