// Folders of certificates, as the command creates them.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority } from '../../src/certificate/authority.ts';
import { parseCertificate } from '../../src/certificate/inspect.ts';
import { bouncer, folderOf, type Folder } from './command-line.ts';

/** The names of the gate. */
export const NAMES = ['--host-names', 'localhost,127.0.0.1'];
export const DAY_MS = 86_400_000;
/** An authority whose key is kept by another program. */
export const company = await createAuthority({
  commonName: 'company',
  notBefore: new Date(Date.now() - DAY_MS),
  days: 30,
});

/** The files of a folder, by name. */
export async function texts(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(folder)).toSorted();
  const files = names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(files));
}

/** The lifetime of a certificate, in whole days. */
export function lifeDays(pem: string | undefined): number {
  const { validFromDate, validToDate } = parseCertificate(pem ?? '');
  return Math.round((validToDate.getTime() - validFromDate.getTime()) / DAY_MS);
}

/** A folder with certificates in `pki`, and the CA of a company beside it. */
export async function made(...args: readonly string[]): Promise<Folder & { readonly pki: string }> {
  const folder = await folderOf({ 'company.crt': company.certificate, 'company.key': company.key });
  const pki = folder.file('pki');
  const { code, stderr } = await bouncer(['certificate', 'create', pki, ...NAMES, ...args]);
  assert.deepEqual([code, stderr], [0, '']);
  return { ...folder, pki, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
