import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ensurePki } from '../../certificate/pki-folder.ts';
import { type CommandContext, type ExitCode, type Streams, writeTo } from '../command.ts';
import { decodeNumber, invalid, readAuthority, splitList } from '../settings.ts';

interface CreateOptions extends AuthorityOptions {
  readonly hostNames?: string;
  readonly clientName?: string;
  readonly force?: boolean;
}

/** Options of `certificate create` and `certificate rotate` about the CA. */
export interface AuthorityOptions {
  readonly caCert?: string;
  readonly caKey?: string;
  readonly days: string;
  readonly caDays: string;
}

/** Adds `--ca-cert`, `--ca-key`, `--days` and `--ca-days`. */
export function addAuthorityOptions(command: Command): Command {
  return command
    .option('--ca-cert <file>', 'CA that signs, PEM (default: a new one)')
    .option('--ca-key <file>', 'private key of --ca-cert, PEM; never copied')
    .option('--days <number>', 'lifetime of a new certificate, in days', '365')
    .option('--ca-days <number>', 'lifetime of a new CA, in days', '3650');
}

/** Longest lifetime of a certificate, in days: twenty years, twice the default of a CA. */
const MAX_DAYS = 7300;

/**
 * The lifetimes of a certificate and of a CA, in days: 1 to 7300.
 * @throws {SettingsError} SETTING_INVALID
 */
export function decodeDays({ days, caDays }: AuthorityOptions): {
  readonly days: number;
  readonly authorityDays: number;
} {
  return {
    days: decodeNumber('--days', days, 1, MAX_DAYS),
    authorityDays: decodeNumber('--ca-days', caDays, 1, MAX_DAYS),
  };
}

export function define(command: Command, { streams, finish }: CommandContext): void {
  command
    .argument('<folder>', 'folder for ca.crt, ca.key, tls.crt, tls.key; created if missing')
    .option('--host-names <names>', 'comma separated names and addresses of the gate');
  addAuthorityOptions(command)
    .option('--client-name <name>', 'also make a client pair with this common name, for the API server')
    .option('--force', 'overwrite private keys that are no longer usable')
    .action(async (folder: string, options: CreateOptions) =>
      finish(await createCertificates(folder, options, streams)),
    );
}

/** Makes the certificates of a gate in a folder, and prints which files are new. Usable certificates are kept. */
async function createCertificates(
  folder: string,
  options: CreateOptions,
  { stdout }: Streams,
): Promise<ExitCode> {
  const authority = await readAuthority(options);
  const names = splitList(options.hostNames);
  if (names.length === 0)
    throw invalid('--host-names is missing: clients accept a certificate only for the names in it');
  const { files, written } = await ensurePki({
    folder,
    names,
    ...decodeDays(options),
    now: () => new Date(),
    ...(options.clientName !== undefined && { client: { commonName: options.clientName } }),
    ...(authority !== undefined && { authority }),
    ...(options.force === true && { replace: 'every-key' as const }),
  });
  for (const file of Object.values(files))
    if (await exists(file)) writeTo(stdout, `${written.includes(file) ? 'written' : 'kept'}  ${file}\n`);
  return 0;
}

async function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}
