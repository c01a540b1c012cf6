import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ControlPlaneError } from './errors.ts';
import { findFile } from './file-plan.ts';

/** The state of a file before its first change. */
export interface RecordedFile {
  readonly path: string;
  /** `null`: the file did not exist. */
  readonly before: RecordedBackup | null;
  /** The state before the very first change, if another program changed the file between two runs. */
  readonly first?: RecordedBackup;
  /** SHA-256 of the written content; `null`: the file was removed. */
  readonly after: string | null;
}

/** A copy of a file, and the former mode and owner of the file. */
export interface RecordedBackup {
  /** Name of the copy, in the folder of the record. */
  readonly copy: string;
  readonly sha256: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** All changes of this program to the files of a node. */
export interface UndoRecord {
  readonly version: 1;
  /** In the order of the changes. */
  readonly files: readonly RecordedFile[];
  /** Folders that were created, the outer before the inner. */
  readonly folders: readonly string[];
}

/** Name of the record in its folder. */
export function recordFile(folder: string): string {
  return join(folder, 'record.json');
}

/**
 * The record in a folder of backups; `undefined` if there is no record, because nothing was changed.
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
    `${path}: this is not a record of changes (restore the files by hand from the copies in the same folder)`,
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

/** A record as the text of its file. */
export function renderUndoRecord(record: UndoRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** SHA-256 in hexadecimal. */
export function fingerprintOf(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
