import { readFile } from 'node:fs/promises';
import { ensurePki } from '../../certificate/pki-folder.ts';
import { splitList } from '../chosen-policy.ts';
import { readAuthority } from '../given-authority.ts';
import { decodeNumber } from '../number-setting.ts';
import { SettingsError } from '../settings-error.ts';
import type { ExitCode, Streams } from '../streams.ts';

export interface CreateOptions {
  readonly hostNames?: string;
  readonly clientName?: string;
  readonly days: string;
  readonly caDays: string;
  readonly caCert?: string;
  readonly caKey?: string;
  readonly force?: boolean;
}

/** Longest life that a certificate of ours may have, in days: ten years, and the twentieth for an authority. */
const MOST_DAYS = 7300;

/** Makes the certificates of a gate in a folder, and says what it did; what is there and good stays. */
export async function createCertificates(
  folder: string,
  options: CreateOptions,
  { stdout }: Streams,
): Promise<ExitCode> {
  const authority = await readAuthority(options);
  const names = splitList(options.hostNames ?? '');
  if (names.length === 0)
    throw new SettingsError(
      'SETTING_INVALID',
      '--host-names is missing: clients believe a certificate only for the names that are in it',
    );
  const { files, written } = await ensurePki({
    folder,
    names,
    days: decodeNumber('--days', options.days, 1, MOST_DAYS),
    authorityDays: decodeNumber('--ca-days', options.caDays, 1, MOST_DAYS),
    now: () => new Date(),
    ...(options.clientName !== undefined && { client: { commonName: options.clientName } }),
    ...(authority !== undefined && { authority }),
    ...(options.force === true && { replace: 'every-key' as const }),
  });
  for (const file of Object.values(files))
    if (await isThere(file)) stdout.write(`${written.includes(file) ? 'written' : 'kept'}  ${file}\n`);
  return 0;
}

async function isThere(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}
