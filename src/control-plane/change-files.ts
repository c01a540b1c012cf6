import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ControlPlaneError } from './errors.ts';
import { findFile, type FileChange, type FoundFile } from './file-plan.ts';
import { makeFolders, removeFile, removeFolders, writeWhole } from './file-system.ts';
import {
  fingerprintOf,
  readUndoRecord,
  recordFile,
  renderUndoRecord,
  type RecordedBackup,
  type RecordedFile,
  type UndoRecord,
} from './undo-record.ts';

export interface ChangeOptions {
  /** Holds the record and the copies; never the folder of manifests, whose every file the kubelet runs. */
  readonly backupFolder: string;
  readonly isRoot: boolean;
  /** Private keys may be overwritten. @default false */
  readonly force?: boolean;
}

/** Changes that were made, and the way back to where this run began. */
export interface ChangesMade {
  readonly paths: readonly string[];
  readonly rollBack: () => Promise<void>;
}

const EMPTY: UndoRecord = { version: 1, files: [], folders: [] };

/** Others look into the folders on the way, and keys protect themselves. */
const FOLDER_MODE = 0o755;
const BACKUP_FOLDER_MODE = 0o700;

/** Copies are named after what they hold, so that none takes the place of another. */
const COPY_DIGITS = 16;
const COPY = new RegExp(`^[0-9a-f]{${COPY_DIGITS}}-`);

/**
 * Makes changes, each file whole or not at all. What was there is copied first, and the record of it written, so that
 * a run that is cut off anywhere can be undone. A file that was changed before keeps its first copy, unless somebody
 * else has changed it since.
 *
 * @throws {ControlPlaneError} KEY_EXISTS before anything is changed; NODE_FILE_UNWRITABLE, NODE_FILE_UNREADABLE,
 * UNDO_RECORD_INVALID
 */
export async function makeChanges(
  changes: readonly FileChange[],
  options: ChangeOptions,
): Promise<ChangesMade> {
  const paths = changes.map(({ file }) => file.path);
  if (changes.length === 0) return { paths, rollBack: async () => undefined };
  refuseKeys(changes, options);
  const before = (await readUndoRecord(options.backupFolder)) ?? EMPTY;
  const folders = [...(await makeFolders(dirname(options.backupFolder), FOLDER_MODE))];
  folders.push(...(await makeFolders(options.backupFolder, BACKUP_FOLDER_MODE)));
  for (const path of paths) folders.push(...(await makeFolders(dirname(path), FOLDER_MODE)));
  const copies: string[] = [];
  const files = await recordChanges(changes, before, options, copies);
  const record: UndoRecord = { version: 1, files, folders: [...before.folders, ...folders] };
  await writeRecord(options.backupFolder, record);
  const made: FileChange[] = [];
  const undo = (): Promise<void> => rollBack(made, before, folders, copies, options);
  try {
    for (const one of changes) {
      await put(one.file.path, one.file.content, ownerOf(one.file, one.before, options));
      made.push(one);
    }
  } catch (error) {
    await undo();
    throw error;
  }
  return { paths, rollBack: undo };
}

/**
 * Writes files that nobody runs yet, into a folder to be copied: no record, no way back.
 * @throws {ControlPlaneError} KEY_EXISTS, NODE_FILE_UNWRITABLE
 */
export async function writeFiles(
  changes: readonly FileChange[],
  options: Omit<ChangeOptions, 'backupFolder'>,
): Promise<void> {
  refuseKeys(changes, options);
  for (const { file, before } of changes) {
    await makeFolders(dirname(file.path), FOLDER_MODE);
    await put(file.path, file.content, ownerOf(file, before, options));
  }
}

function refuseKeys(changes: readonly FileChange[], { force = false }: Pick<ChangeOptions, 'force'>): void {
  for (const { file, before } of changes) {
    const isOverwritten =
      file.isKey === true && before !== undefined && String(before.content) !== file.content;
    if (isOverwritten && !force)
      throw new ControlPlaneError(
        'KEY_EXISTS',
        `${file.path}: a private key is there already (--force replaces it)`,
      );
  }
}

async function recordChanges(
  changes: readonly FileChange[],
  { files }: UndoRecord,
  { backupFolder }: ChangeOptions,
  copies: string[],
): Promise<readonly RecordedFile[]> {
  const recorded = new Map(files.map((file) => [file.path, file]));
  for (const { file, before } of changes) {
    const earlier = recorded.get(file.path);
    const after = file.content === undefined ? null : fingerprintOf(file.content);
    const isOurs = before !== undefined && earlier?.after === fingerprintOf(before.content);
    if (earlier !== undefined && (earlier.before === null || before === undefined || isOurs)) {
      recorded.set(file.path, { ...earlier, after });
    } else {
      const backup = before === undefined ? null : backupOf(file.path, before);
      if (before !== undefined && backup !== null) {
        await writeWhole(join(backupFolder, backup.copy), before.content, { mode: 0o600 });
        copies.push(backup.copy);
      }
      recorded.delete(file.path);
      const first = earlier?.first ?? earlier?.before ?? undefined;
      recorded.set(file.path, { path: file.path, before: backup, ...(first && { first }), after });
    }
  }
  return [...recorded.values()];
}

function backupOf(path: string, { content, mode, uid, gid }: FoundFile): RecordedBackup {
  const sha256 = fingerprintOf(content);
  return { copy: `${sha256.slice(0, COPY_DIGITS)}-${basename(path)}`, sha256, mode, uid, gid };
}

function ownerOf(
  { mode, owner }: FileChange['file'],
  before: FoundFile | undefined,
  { isRoot }: Pick<ChangeOptions, 'isRoot'>,
): Parameters<typeof writeWhole>[2] {
  const belongs = owner === undefined ? before : { uid: owner, gid: owner };
  return { mode: mode ?? before?.mode ?? 0o600, owner: isRoot ? belongs : undefined };
}

function put(
  path: string,
  content: Buffer | string | undefined,
  options: Parameters<typeof writeWhole>[2],
): Promise<void> {
  return content === undefined ? removeFile(path) : writeWhole(path, content, options);
}

async function rollBack(
  changes: readonly FileChange[],
  record: UndoRecord,
  folders: readonly string[],
  copies: readonly string[],
  { backupFolder, isRoot }: ChangeOptions,
): Promise<void> {
  for (const { file, before } of changes.toReversed())
    await put(file.path, before?.content, {
      mode: before?.mode ?? 0o600,
      owner: isRoot ? before : undefined,
    });
  if (record.files.length === 0) await removeFile(recordFile(backupFolder));
  else await writeRecord(backupFolder, record);
  for (const copy of copies) await removeFile(join(backupFolder, copy));
  await removeFolders(folders);
}

async function writeRecord(folder: string, record: UndoRecord): Promise<void> {
  await writeWhole(recordFile(folder), renderUndoRecord(record), { mode: 0o600 });
}

export interface UndoOptions extends Pick<ChangeOptions, 'backupFolder' | 'isRoot'> {
  /**
   * What to leave of a file that somebody else changed since; `undefined` refuses to touch it. Without it every such
   * file stops the undoing before it begins.
   */
  readonly reconcile?: (
    path: string,
    current: string,
    original: string | undefined,
  ) => Reconciled | undefined;
  /**
   * What is left of a text once our part is out of it; asked about what somebody else made of a file between two runs.
   * @default all of it
   */
  readonly withoutUs?: (path: string, text: string, original: string) => string;
  /** Awaited after each file, in the order in which they are put back. */
  readonly onRestored?: (path: string, what: 'restored' | 'removed') => Promise<void>;
}

/** `original`: as it was before us; a text: that. */
export type Reconciled = { readonly kind: 'original' } | { readonly kind: 'text'; readonly text: string };

/**
 * Puts every file back as it was before the first run, the last change first, and removes the record. Answers the
 * files that were put back.
 *
 * @throws {ControlPlaneError} NOTHING_TO_UNDO; CHANGED_SINCE, before anything is touched, when somebody else changed
 * a file; UNDO_RECORD_INVALID, NODE_FILE_UNREADABLE, NODE_FILE_UNWRITABLE
 */
export async function undoChanges(options: UndoOptions): Promise<readonly string[]> {
  const { backupFolder, onRestored } = options;
  const record = await readUndoRecord(backupFolder);
  if (record === undefined)
    throw new ControlPlaneError(
      'NOTHING_TO_UNDO',
      `${backupFolder}: nothing is recorded that could be undone`,
    );
  const steps: UndoStep[] = [];
  for (const file of record.files.toReversed()) steps.push(await stepFor(file, options));
  const changed = steps.flatMap(({ path, isChanged }) => (isChanged ? [path] : []));
  if (changed.length > 0) {
    throw new ControlPlaneError(
      'CHANGED_SINCE',
      `${changed.join(', ')}: changed by somebody else since; nothing was undone (--force takes our part out of the API server's files and removes the others)`,
    );
  }
  const restored: string[] = [];
  for (const { path, isRemoval, put: write } of steps) {
    if (write === undefined) continue;
    await write();
    restored.push(path);
    await onRestored?.(path, isRemoval ? 'removed' : 'restored');
  }
  await removeBackups(backupFolder, record);
  return restored;
}

interface UndoStep {
  readonly path: string;
  readonly isChanged: boolean;
  readonly isRemoval: boolean;
  /** `undefined`: it is as it was. */
  readonly put: (() => Promise<void>) | undefined;
}

async function stepFor(file: RecordedFile, options: UndoOptions): Promise<UndoStep> {
  const { path, before, after } = file;
  const found = await findFile(path);
  const current = found === undefined ? null : fingerprintOf(found.content);
  const isBefore = current === (before?.sha256 ?? null);
  if (isBefore && isHeldAs(found, before, options))
    return { path, isChanged: false, isRemoval: false, put: undefined };
  const original = await readBefore(file, options);
  const reconciled = isBefore || current === after ? ORIGINAL : reconcile(path, found, original, options);
  const content = reconciled?.kind === 'text' ? reconciled.text : original;
  const kept = reconciled?.kind === 'text' ? found : (before ?? undefined);
  const owner = options.isRoot ? kept : undefined;
  return {
    path,
    isChanged: reconciled === undefined,
    isRemoval: content === undefined,
    put: () => put(path, content, { mode: kept?.mode ?? 0o600, owner }),
  };
}

/** Whether mode and owner are what they were. */
function isHeldAs(
  found: FoundFile | undefined,
  before: RecordedBackup | null,
  { isRoot }: Pick<UndoOptions, 'isRoot'>,
): boolean {
  if (found === undefined || before === null) return true;
  return found.mode === before.mode && (!isRoot || (found.uid === before.uid && found.gid === before.gid));
}

const ORIGINAL: Reconciled = { kind: 'original' };

function reconcile(
  path: string,
  found: FoundFile | undefined,
  original: Buffer | string | undefined,
  options: UndoOptions,
): Reconciled | undefined {
  // What somebody removed holds nothing that could be lost.
  if (found === undefined) return ORIGINAL;
  return options.reconcile?.(path, found.content.toString(), original?.toString());
}

/** As it was before, without what an earlier run of ours had put there. */
async function readBefore(
  { path, before, first }: RecordedFile,
  { backupFolder, withoutUs }: UndoOptions,
): Promise<Buffer | string | undefined> {
  if (before === null) return undefined;
  const text = await readCopy(before, backupFolder);
  if (first === undefined || withoutUs === undefined) return text;
  return withoutUs(path, String(text), String(await readCopy(first, backupFolder)));
}

/**
 * A file as it was before the first change of all; `undefined` when nothing of it is recorded.
 * @throws {ControlPlaneError} UNDO_RECORD_INVALID, NODE_FILE_UNREADABLE
 */
export async function readOriginal(path: string, backupFolder: string): Promise<string | undefined> {
  const record = await readUndoRecord(backupFolder);
  const file = record?.files.find((one) => one.path === path);
  const backup = file?.first ?? file?.before;
  return backup ? String(await readCopy(backup, backupFolder)) : undefined;
}

async function readCopy(before: RecordedBackup, folder: string): Promise<Buffer> {
  const path = join(folder, before.copy);
  const found = await findFile(path);
  if (found !== undefined && fingerprintOf(found.content) === before.sha256) return found.content;
  throw new ControlPlaneError(
    'UNDO_RECORD_INVALID',
    `${path}: the copy is missing, or is not what was copied`,
  );
}

/** Copies of every run, those of runs whose changes somebody else overwrote among them. */
async function removeBackups(folder: string, { folders }: UndoRecord): Promise<void> {
  for (const name of await readdir(folder)) if (COPY.test(name)) await removeFile(join(folder, name));
  await removeFile(recordFile(folder));
  await removeFolders(folders);
}
