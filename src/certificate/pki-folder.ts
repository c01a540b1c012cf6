import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CertificateError } from './errors.ts';
import { completePki, type FoundPki, type Pki, type PkiRequest } from './pki.ts';
import { ensureFolder, readText, replaceTexts } from './state-folder.ts';

/** Maximum number of attempts while another process writes to the same files. */
const MOST_ATTEMPTS = 16;

/** Maximum pause before the next attempt, in milliseconds. */
const MOST_PAUSE_MS = 512;

/** Files with the certificates of a gate. */
export interface PkiFiles {
  /** The authorities that clients of the gate must trust. */
  readonly authority: string;
  /** Missing if the authority was made elsewhere. */
  readonly authorityKey: string;
  readonly certificate: string;
  readonly key: string;
  /** The client pair of the API server. */
  readonly clientCertificate: string;
  readonly clientKey: string;
}

/** Default names of these files. */
const PKI_NAMES: PkiFiles = {
  authority: 'ca.crt',
  authorityKey: 'ca.key',
  certificate: 'tls.crt',
  key: 'tls.key',
  clientCertificate: 'apiserver-client.crt',
  clientKey: 'apiserver-client.key',
};

export interface PkiFolderOptions extends PkiRequest {
  /** Created with mode 0700 if it is missing. */
  readonly folder: string;
  /** Other names for the files. @default {@link PKI_NAMES} */
  readonly files?: Partial<PkiFiles>;
}

/** The certificates of a gate, in files. */
interface PkiFolder {
  readonly files: PkiFiles;
  readonly pki: Pki;
  /** The files that this call wrote; empty if all were present and good. */
  readonly written: readonly string[];
}

/**
 * Creates files with the certificates of a gate if they are missing, and reuses them while they are good; see
 * {@link completePki}. Each file is written completely or not at all, with mode 0600. An existing private key is overwritten
 * only if `replace` allows it.
 *
 * @throws {CertificateError} as {@link completePki} does, or STATE_FOLDER_UNWRITABLE; AUTHORITY_INCOMPLETE also if
 * another process creates an authority here at the same moment.
 */
export async function ensurePki(options: PkiFolderOptions): Promise<PkiFolder> {
  const files = placesIn(options.folder, options.files);
  await ensureFolder(options.folder);
  const written = new Set<string>();
  let created = false;
  for (let attempt = 0; ; attempt += 1) {
    // Two processes that repeat without a pause would overwrite each other's pair for ever.
    if (attempt > 1) await sleep(randomInt(Math.min(2 ** attempt, MOST_PAUSE_MS)));
    const found = await readPki(files);
    const pki = await completeIn(options, found);
    const changes = changesOf(files, found, pki);
    created ||= pki.created;
    // Another process may have renewed the pair with another key. The last process to write finds the mismatch and repeats.
    if (changes.length === 0 || attempt === MOST_ATTEMPTS)
      return { files, pki: { ...pki, created }, written: [...written] };
    await writeChanges(files, changes);
    for (const [file] of changes) written.add(file);
  }
}

async function completeIn(options: PkiFolderOptions, found: FoundPki): Promise<Pki> {
  try {
    return await completePki(found, options);
  } catch (cause) {
    // The folder is not the cause if a name or a given authority is wrong.
    if (!(cause instanceof CertificateError) || cause.code === 'NAME_INVALID' || options.authority)
      throw cause;
    throw new CertificateError(cause.code, `${options.folder}: ${cause.message}`, { cause });
  }
}

/** The full paths of the files in a folder. */
export function placesIn(folder: string, names: Partial<PkiFiles> = {}): PkiFiles {
  const place = (name: keyof PkiFiles): string => join(folder, names[name] ?? PKI_NAMES[name]);
  return {
    authority: place('authority'),
    authorityKey: place('authorityKey'),
    certificate: place('certificate'),
    key: place('key'),
    clientCertificate: place('clientCertificate'),
    clientKey: place('clientKey'),
  };
}

/** Reads the files. */
export async function readPki(files: PkiFiles): Promise<Required<FoundPki>> {
  const pair = async (certificate: string, key: string) => ({
    certificate: await readText(certificate),
    key: await readText(key),
  });
  return {
    authority: await pair(files.authority, files.authorityKey),
    serving: await pair(files.certificate, files.key),
    client: await pair(files.clientCertificate, files.clientKey),
  };
}

/** A file, its new text and its present one. */
type Change = readonly [file: string, text: string, there: string | undefined];

/** Keys come before their certificates, so that a process that follows the certificate finds the new key. */
function changesOf(files: PkiFiles, found: Required<FoundPki>, pki: Pki): readonly Change[] {
  const wanted: readonly (readonly [file: string, text: string | undefined, there: string | undefined])[] = [
    [files.authorityKey, pki.authorityKey, found.authority.key],
    [files.authority, pki.trust, found.authority.certificate],
    [files.key, pki.serving.key, found.serving.key],
    [files.certificate, pki.serving.certificate, found.serving.certificate],
    [files.clientKey, pki.client?.key, found.client.key],
    [files.clientCertificate, pki.client?.certificate, found.client.certificate],
  ];
  return wanted.flatMap(([file, text, there]) =>
    text === undefined || text === there ? [] : [[file, text, there] as const],
  );
}

async function writeChanges(files: PkiFiles, changes: readonly Change[]): Promise<void> {
  await replaceTexts(
    changes.map(([file, text, there]) => ({
      file,
      text,
      // If two processes start for the first time in one folder, only one creates the authority, and the other one fails.
      isNew: file === files.authorityKey && there === undefined,
    })),
  );
}
