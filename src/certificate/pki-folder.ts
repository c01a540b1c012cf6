import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CertificateError } from './errors.ts';
import { completePki, type FoundPki, type Pki, type PkiRequest } from './pki.ts';
import { createText, ensureFolder, readText, replaceText } from './state-folder.ts';

/** How often the files are completed while others write there, too. */
const MOST_ATTEMPTS = 16;

/** Longest pause before another attempt, in milliseconds. */
const MOST_PAUSE_MS = 512;

/** Where the certificates of a gate are. */
export interface PkiFiles {
  /** What clients of the gate have to trust. */
  readonly authority: string;
  /** Not there when the authority is somebody else's. */
  readonly authorityKey: string;
  readonly certificate: string;
  readonly key: string;
  /** The API server's own pair. */
  readonly clientCertificate: string;
  readonly clientKey: string;
}

/** What those files are called. */
export const PKI_NAMES: PkiFiles = {
  authority: 'ca.crt',
  authorityKey: 'ca.key',
  certificate: 'tls.crt',
  key: 'tls.key',
  clientCertificate: 'apiserver-client.crt',
  clientKey: 'apiserver-client.key',
};

export interface PkiFolderOptions extends PkiRequest {
  /** Made when missing, for its owner alone. */
  readonly folder: string;
  /** Other names for the files. @default {@link PKI_NAMES} */
  readonly files?: Partial<PkiFiles>;
}

/** The certificates of a gate, in files. */
export interface PkiFolder {
  readonly files: PkiFiles;
  readonly pki: Pki;
  /** The files that were written just now; empty when everything was there and good. */
  readonly written: readonly string[];
}

/**
 * Files with the certificates of a gate, made when they are missing and reused while they are good; see
 * {@link completePki}. Every file is written whole or not at all, with mode 0600, and a private key that is there is
 * not overwritten unless `replace` says so.
 *
 * @throws {CertificateError} as {@link completePki} does, or STATE_FOLDER_UNWRITABLE; AUTHORITY_INCOMPLETE also when
 * another process makes an authority here at the same moment.
 */
export async function ensurePki(options: PkiFolderOptions): Promise<PkiFolder> {
  const files = placesIn(options.folder, options.files);
  await ensureFolder(options.folder);
  const written = new Set<string>();
  let created = false;
  for (let attempt = 0; ; attempt += 1) {
    // Who tears each other's pair at once again does so for ever.
    if (attempt > 1) await sleep(randomInt(Math.min(2 ** attempt, MOST_PAUSE_MS)));
    const found = await readPki(files);
    const pki = await completeIn(options, found);
    const changes = changesOf(files, found, pki);
    created ||= pki.created;
    // Another process may renew here too, with a key of its own: whoever writes last is the one to see a torn pair.
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
    // A name, or an authority from elsewhere, is not the folder's fault.
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

/** What there is in the files. */
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

/** A file, what is to be in it, and what is. */
type Change = readonly [file: string, text: string, there: string | undefined];

/** Keys before their certificates: who follows the certificate finds its key there. */
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
  for (const [file, text, there] of changes)
    // Two first starts in one folder make one authority, and the loser says so.
    await (file === files.authorityKey && there === undefined ? createText : replaceText)(file, text);
}
