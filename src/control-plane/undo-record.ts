import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ControlPlaneError } from './errors.ts';
import { findFile } from './file-plan.ts';

/** What was there before a file was changed for the first time. */
export interface RecordedFile {
  readonly path: string;
  /** `null`: there was none. */
  readonly before: RecordedBackup | null;
  /** What was there before the first change of all, when somebody else changed the file between two of ours. */
  readonly first?: RecordedBackup;
  /** What was written, as SHA-256; `null`: the file was removed. */
  readonly after: string | null;
}

export interface RecordedBackup {
  /** Name of the copy, beside the record. */
  readonly copy: string;
  readonly sha256: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** What was done to the files of a node since they were as somebody else had left them. */
export interface UndoRecord {
  readonly version: 1;
  /** In the order in which they were changed. */
  readonly files: readonly RecordedFile[];
  /** Folders that were made, the outer before the inner. */
  readonly folders: readonly string[];
}

/** Where the record stands in its folder. */
export function recordFile(folder: string): string {
  return join(folder, 'record.json');
}

/**
 * The record of a folder of backups; `undefined` when there is none, since nothing was done.
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE, UNDO_RECORD_INVALID
 */
export async function readUndoRecord(folder: string): Promise<UndoRecord | undefined> {
  const path = recordFile(folder);
  const found = await findFile(path);
  if (found === undefined) return undefined;
  const record = parse(found.content.toString());
  if (isRecord(record)) return record;
  throw new ControlPlaneError(
    'UNDO_RECORD_INVALID',
    `${path}: this is no record of what was done (put the files back by hand: their copies are beside it)`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is UndoRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { version, files, folders } = value as Partial<Record<keyof UndoRecord, unknown>>;
  const isText = (text: unknown): boolean => typeof text === 'string';
  return (
    version === 1 &&
    Array.isArray(files) &&
    files.every(isRecordedFile) &&
    Array.isArray(folders) &&
    folders.every(isText)
  );
}

function isRecordedFile(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { path, before, first, after } = value as Partial<Record<keyof RecordedFile, unknown>>;
  return (
    typeof path === 'string' &&
    (before === null || isBackup(before)) &&
    (first === undefined || isBackup(first)) &&
    (after === null || typeof after === 'string')
  );
}

function isBackup(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { copy, mode, uid, gid } = value as Partial<Record<keyof RecordedBackup, unknown>>;
  return typeof copy === 'string' && [mode, uid, gid].every(Number.isInteger);
}

/** The text of the file that holds a record. */
export function renderUndoRecord(record: UndoRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** SHA-256 in hexadecimal. */
export function fingerprintOf(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
