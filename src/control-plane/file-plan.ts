import { readFile, realpath, stat } from 'node:fs/promises';
import { CredentialScreen } from './credentials.ts';
import { ControlPlaneError } from './errors.ts';
import { renderLineDiff } from './line-diff.ts';

/** The required state of a file. */
export interface PlannedFile {
  /** Absolute. */
  readonly path: string;
  /** `undefined`: the file must not exist. */
  readonly content: string | undefined;
  /** @default the mode of the existing file, otherwise 0600 */
  readonly mode?: number;
  /** User and group of the file; set if the program runs as root. @default those of the existing file */
  readonly owner?: number;
  /** A private key: it is never shown, and overwritten only with `force`. @default false */
  readonly isKey?: boolean;
}

/** The present state of a file. */
export interface FoundFile {
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A file whose present state differs from the required one. */
export interface FileChange {
  readonly file: PlannedFile;
  readonly before: FoundFile | undefined;
}

interface PlanOptions {
  /** Whether the program runs as root and can set owners. */
  readonly isRoot: boolean;
}

/**
 * The files of a plan whose present state differs from the required one.
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE
 */
export async function comparePlan(
  plan: readonly PlannedFile[],
  { isRoot }: PlanOptions,
): Promise<readonly FileChange[]> {
  const changes: FileChange[] = [];
  for (const file of plan) {
    // Resolve a link, because renaming over the link would leave its target unchanged.
    const path = await resolveLinks(file.path);
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
 * The file at a path; `undefined` if it does not exist.
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
 * The path of a file after resolving links; the path itself if it does not exist.
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE
 */
export async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    if (isMissing(cause)) return path;
    throw new ControlPlaneError('NODE_FILE_UNREADABLE', `${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** Changes as a unified diff. Private keys and the values of credential fields are not shown. */
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
  const screen = new CredentialScreen();
  const earlier = before && screen.hide(before.content.toString());
  const lines = isKey
    ? ''
    : renderLineDiff(earlier, content && new CredentialScreen(before && screen).hide(content));
  return `${names}${notes.join('')}${lines}`;
}

/** A mode in octal, as for `chmod`. */
function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** Whether the cause of an error is that a file or a folder of its path does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** The message of an error. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
