import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  chmod,
  chown,
  constants,
  copyFile,
  link,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
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

/** Attempts to keep a file that other processes replace. */
const MOST_ATTEMPTS = 16;

const { O_WRONLY, O_CREAT, O_EXCL, O_SYNC } = constants;

/** Creates a file whose text is on the disk when the write ends. Node's permission model forbids `fsync`. */
const DURABLE = O_WRONLY | O_CREAT | O_EXCL | O_SYNC;

/** A file and its new text. */
export interface NewText {
  readonly file: string;
  readonly text: string;
  /** The file must not exist yet: another process may create it at the same moment. @default false */
  readonly isNew?: boolean;
}

/** A file that is ready to take its place. */
interface Prepared {
  readonly change: NewText;
  /** The file after resolving links, because renaming over a link would leave its target unchanged. */
  readonly place: string;
  readonly temporary: string;
  /** Another name of the earlier file; `undefined` if there is none. */
  readonly earlier: string | undefined;
}

/**
 * Replaces all files, or none: each text is written beside its file, and when all are written, each takes its place. If one of
 * them cannot, the earlier files are put back. A file that exists keeps its owner and its mode, because other users may have to
 * read it. A new file gets mode 0600. A file behind a link is replaced, and the link stays.
 *
 * @throws {CertificateError} STATE_FOLDER_UNWRITABLE, or AUTHORITY_INCOMPLETE if a file that must be new exists
 */
export async function replaceTexts(changes: readonly NewText[]): Promise<void> {
  const prepared: Prepared[] = [];
  try {
    for (const change of changes) await prepare(change, prepared);
    await putInPlace(prepared);
  } finally {
    for (const { temporary, earlier } of prepared)
      for (const left of [temporary, earlier])
        // An error here would hide the error that the caller has to read.
        if (left !== undefined) await rm(left, { force: true }).catch(() => undefined);
  }
}

/** Adds to `prepared` before it writes, so that the caller removes also a file that was written in part. */
async function prepare(change: NewText, prepared: Prepared[]): Promise<void> {
  const place = await placeOf(change.file);
  const temporary = `${place}.${randomUUID()}.tmp`;
  try {
    const before = await statIfThere(place);
    const earlier = before === undefined ? undefined : `${temporary}.earlier`;
    prepared.push({ change, place, temporary, earlier });
    await writeFile(temporary, change.text, { mode: 0o600, flag: DURABLE });
    if (before === undefined || earlier === undefined) return;
    await chown(temporary, before.uid, before.gid);
    await chmod(temporary, before.mode & 0o777);
    await keep(place, earlier);
  } catch (cause) {
    throw unwritable(dirname(place), cause);
  }
}

/** Gives a file a second name, which needs no space on the disk. Without links in the file system it is copied. */
async function keep(file: string, second: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await link(file, second);
    } catch (cause) {
      // Another process has just replaced the file.
      if (isErrno(cause, 'ENOENT') && attempt < MOST_ATTEMPTS) continue;
      if (!isErrno(cause, 'EPERM') && !isErrno(cause, 'ENOTSUP')) throw cause;
      return copyFile(file, second, constants.COPYFILE_EXCL);
    }
  }
}

async function putInPlace(prepared: readonly Prepared[]): Promise<void> {
  const done: Prepared[] = [];
  for (const one of prepared) {
    try {
      // link(2) fails where rename(2) would overwrite, so that two processes do not replace each other's key.
      await (one.change.isNew === true ? link : rename)(one.temporary, one.place);
      done.push(one);
    } catch (cause) {
      const remaining = await putBack(done);
      if (isErrno(cause, 'EEXIST'))
        throw new CertificateError(
          'AUTHORITY_INCOMPLETE',
          `${one.place}: another process has just created it; start again${remaining}`,
          { cause },
        );
      throw unwritable(dirname(one.place), cause, remaining);
    }
  }
}

/** Puts the earlier files back. Returns what to add to the error message about those that could not be. */
async function putBack(done: readonly Prepared[]): Promise<string> {
  const changed: string[] = [];
  for (const { place, earlier } of done.toReversed()) {
    try {
      await (earlier === undefined ? rm(place, { force: true }) : rename(earlier, place));
    } catch {
      changed.push(place);
    }
  }
  return changed.length === 0 ? '' : `; ${changed.join(', ')} could not be put back`;
}

async function placeOf(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    return file;
  }
}

async function statIfThere(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file);
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return undefined;
    throw cause;
  }
}

function unwritable(folder: string, cause: unknown, remaining = ''): CertificateError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `${folder}: certificates cannot be stored here: ${why}${remaining}`;
  return new CertificateError('STATE_FOLDER_UNWRITABLE', message, { cause });
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
