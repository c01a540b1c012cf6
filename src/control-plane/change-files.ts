import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ControlPlaneError } from './errors.ts';
import { findFile, reasonOf, type FileChange, type FoundFile } from './file-plan.ts';
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

interface ChangeOptions {
  /**
   * The folder of the record and the copies. It must not be the folder of manifests, because the kubelet runs each
   * file in that folder.
   */
  readonly backupFolder: string;
  readonly isRoot: boolean;
  /** Private keys may be overwritten. @default false */
  readonly force?: boolean;
}

/** The changes of this run, and how to undo them. */
export interface ChangesMade {
  readonly paths: readonly string[];
  /** Restores the files. Returns why each file that is not restored could not be; then the record for the undo remains. */
  readonly rollBack: () => Promise<readonly string[]>;
}

const EMPTY: UndoRecord = { version: 1, files: [], folders: [] };

/** Other users may read these folders. Private keys are protected by the modes of their files. */
const FOLDER_MODE = 0o755;
const BACKUP_FOLDER_MODE = 0o700;

/** Names of copies start with their digest, so that no copy replaces another. */
const COPY_DIGITS = 16;
const COPY = new RegExp(`^[0-9a-f]{${COPY_DIGITS}}-`);

/**
 * Makes changes, each file completely or not at all. The present files are copied and recorded first, so that an
 * interrupted run can be undone. A file that was changed before keeps its first copy, unless another program has changed
 * it since.
 *
 * @throws {ControlPlaneError} KEY_EXISTS before any change; NODE_FILE_UNWRITABLE, NODE_FILE_UNREADABLE or
 * UNDO_RECORD_INVALID, with everything as before; RESTORE_INCOMPLETE
 */
export async function makeChanges(
  changes: readonly FileChange[],
  options: ChangeOptions,
): Promise<ChangesMade> {
  const paths = changes.map(({ file }) => file.path);
  if (changes.length === 0) return { paths, rollBack: async () => [] };
  refuseKeys(changes, options);
  const before = (await readUndoRecord(options.backupFolder)) ?? EMPTY;
  const [folders, copies, made]: [string[], string[], FileChange[]] = [[], [], []];
  const undo = (): Promise<readonly string[]> => rollBack(made, before, folders, copies, options);
  try {
    folders.push(...(await makeFolders(dirname(options.backupFolder), FOLDER_MODE)));
    folders.push(...(await makeFolders(options.backupFolder, BACKUP_FOLDER_MODE)));
    for (const path of paths) folders.push(...(await makeFolders(dirname(path), FOLDER_MODE)));
    const files = await recordChanges(changes, before, options, copies);
    const record: UndoRecord = { version: 1, files, folders: [...before.folders, ...folders] };
    await writeRecord(options.backupFolder, record);
    for (const one of changes) {
      await put(one.file.path, one.file.content, ownerOf(one.file, one.before, options));
      made.push(one);
    }
  } catch (error) {
    throw restoredError(error, await undo());
  }
  return { paths, rollBack: undo };
}

/**
 * The error of an action after its changes were restored. It names the files that could not be.
 *
 * @param left the result of {@link ChangesMade.rollBack}
 */
export function restoredError(error: unknown, left: readonly string[]): unknown {
  if (left.length === 0) return error;
  return new ControlPlaneError(
    'RESTORE_INCOMPLETE',
    `${reasonOf(error)}; these files could not be restored: ${left.join('; ')}; repair the cause, then run the same command with --undo in place of --apply`,
    { cause: error },
  );
}

/**
 * Writes files into a folder that is to be copied to a node. There is no record and no undo.
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
        `${file.path}: a private key exists already (--force replaces it)`,
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
        copies.push(backup.copy);
        await writeWhole(join(backupFolder, backup.copy), before.content, { mode: 0o600 });
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
): Promise<readonly string[]> {
  const failed: string[] = [];
  const attempt = async (restore: Promise<void>): Promise<void> => {
    try {
      await restore;
    } catch (error) {
      if (!(error instanceof ControlPlaneError)) throw error;
      failed.push(error.message);
    }
  };
  for (const { file, before } of changes.toReversed()) {
    const mode = before?.mode ?? 0o600;
    await attempt(put(file.path, before?.content, { mode, owner: isRoot ? before : undefined }));
  }
  // The record and the copies remain for the undo of what is left.
  if (failed.length > 0) return failed;
  const isFirst = record.files.length === 0;
  await attempt(isFirst ? removeFile(recordFile(backupFolder)) : writeRecord(backupFolder, record));
  for (const copy of copies) await attempt(removeFile(join(backupFolder, copy)));
  await attempt(removeFolders(folders));
  return failed;
}

async function writeRecord(folder: string, record: UndoRecord): Promise<void> {
  await writeWhole(recordFile(folder), renderUndoRecord(record), { mode: 0o600 });
}

/** Options of {@link undoChanges}. */
export interface UndoOptions extends Pick<ChangeOptions, 'backupFolder' | 'isRoot'> {
  /**
   * Decides about a file that another program has changed after the last run. If it returns `undefined`, or if there
   * is no such function, the undo is refused before its first change.
   */
  readonly reconcile?: (
    path: string,
    current: string,
    original: string | undefined,
  ) => Reconciled | undefined;
  /**
   * The text without the parts that this program added. Used for a file that another program changed between two runs.
   * @default the whole text
   */
  readonly withoutGate?: (path: string, text: string, original: string) => string;
  /** Called and awaited after each file, in the order of the undo. */
  readonly onRestored?: (path: string, what: 'restored' | 'removed') => Promise<void>;
}

/** `original`: the file before the first change. Otherwise this text. */
export type Reconciled = { readonly kind: 'original' } | { readonly kind: 'text'; readonly text: string };

/**
 * Restores all files as they were before the first run, the last change first, and removes the record. Returns the
 * restored files.
 *
 * @throws {ControlPlaneError} NOTHING_TO_UNDO; CHANGED_SINCE, before any change, if another program has changed
 * a file; UNDO_RECORD_INVALID, NODE_FILE_UNREADABLE, NODE_FILE_UNWRITABLE
 */
export async function undoChanges(options: UndoOptions): Promise<readonly string[]> {
  const { backupFolder, onRestored } = options;
  const record = await readUndoRecord(backupFolder);
  if (record === undefined)
    throw new ControlPlaneError('NOTHING_TO_UNDO', `${backupFolder}: there is no record of changes to undo`);
  const steps: UndoStep[] = [];
  for (const file of record.files.toReversed()) steps.push(await stepFor(file, options));
  const changed = steps.flatMap(({ path, isChanged }) => (isChanged ? [path] : []));
  if (changed.length > 0) {
    throw new ControlPlaneError(
      'CHANGED_SINCE',
      `${changed.join(', ')}: another program has changed this after the last run; nothing was undone (--force removes the parts of the gate from the API server's files, and removes the other files)`,
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
  /** `undefined`: the file is unchanged. */
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

/** Whether the file has the mode and, for root, the owner from before the change. */
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
  // If the file was removed, restoring it loses nothing.
  if (found === undefined) return ORIGINAL;
  return options.reconcile?.(path, found.content.toString(), original?.toString());
}

/** The earlier text, without the parts that an earlier run added. */
async function readBefore(
  { path, before, first }: RecordedFile,
  { backupFolder, withoutGate }: UndoOptions,
): Promise<Buffer | string | undefined> {
  if (before === null) return undefined;
  const text = await readCopy(before, backupFolder);
  if (first === undefined || withoutGate === undefined) return text;
  return withoutGate(path, String(text), String(await readCopy(first, backupFolder)));
}

/**
 * The text of a file before its first change; `undefined` if the file is not in the record, or did not exist.
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
  throw new ControlPlaneError('UNDO_RECORD_INVALID', `${path}: the copy is missing or was changed`);
}

/** Removes the record and the copies of all runs, also of runs whose changes another program has overwritten. */
async function removeBackups(folder: string, { folders }: UndoRecord): Promise<void> {
  for (const name of await readdir(folder)) if (COPY.test(name)) await removeFile(join(folder, name));
  await removeFile(recordFile(folder));
  await removeFolders(folders);
}
