import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, chown, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CertificateError } from './errors.ts';

/** Creates the folder with mode 0700. An existing folder keeps its mode, because it may be shared. */
export async function ensureFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

/**
 * The text of a file; `undefined` if it does not exist.
 *
 * @throws {CertificateError} CERTIFICATE_UNREADABLE if the file exists and cannot be read
 */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return undefined;
    throw new CertificateError('CERTIFICATE_UNREADABLE', `${file}: the file cannot be read`, { cause });
  }
}

/**
 * Replaces a file as a whole. An existing file keeps its owner and its mode, because other users may have to read it. A new
 * file gets mode 0600.
 */
export function replaceText(file: string, text: string): Promise<void> {
  return writeBeside(file, text, async (temporary) => {
    const before = await statIfThere(file);
    if (before !== undefined) {
      await chown(temporary, before.uid, before.gid);
      await chmod(temporary, before.mode & 0o777);
    }
    await rename(temporary, file);
  });
}

async function statIfThere(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file);
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return undefined;
    throw cause;
  }
}

/**
 * Creates a file with mode 0600.
 *
 * @throws {CertificateError} AUTHORITY_INCOMPLETE if it exists, because another process has created it at the same moment
 */
export function createText(file: string, text: string): Promise<void> {
  // link(2) fails where rename(2) would overwrite, so that two processes do not replace each other's key.
  return writeBeside(file, text, (temporary) => link(temporary, file));
}

async function writeBeside(
  file: string,
  text: string,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
    await place(temporary);
  } catch (cause) {
    if (!isErrno(cause, 'EEXIST')) throw unwritable(dirname(file), cause);
    throw new CertificateError(
      'AUTHORITY_INCOMPLETE',
      `${file}: another process has just created it; start again`,
      { cause },
    );
  } finally {
    await rm(temporary, { force: true });
  }
}

function unwritable(folder: string, cause: unknown): CertificateError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `${folder}: certificates cannot be stored here: ${why}`;
  return new CertificateError('STATE_FOLDER_UNWRITABLE', message, { cause });
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
