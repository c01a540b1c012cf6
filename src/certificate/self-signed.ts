import type { KeyPair } from './authority.ts';
import { ensurePki } from './pki-folder.ts';

export interface SelfSignedOptions {
  /** Holds `ca.crt`, `ca.key`, `tls.crt` and `tls.key`; made when missing. */
  readonly folder: string;
  /** DNS names and IP addresses that clients call the server by. */
  readonly names: readonly string[];
  readonly now: () => Date;
  /** @default 3650 */
  readonly authorityDays?: number;
  /** Two thirds of it are used. @default 90 */
  readonly servingDays?: number;
}

export interface SelfSigned {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** What was put there, or found: a pair, which two files are not while another process renews them. */
  readonly pair: KeyPair;
  /** What clients have to trust. */
  readonly authorityFile: string;
  /** The authority is new, so nobody trusts it yet. */
  readonly created: boolean;
}

/**
 * Files of a serving certificate and of the authority behind it, made on the first start and reused after that; a
 * leaf that is no longer good is replaced, key and all. Call it again from time to time. An authority is never
 * replaced: its clients would lose the server.
 *
 * @throws {CertificateError} as {@link ensurePki} does.
 */
export async function ensureSelfSigned({
  servingDays = 90,
  ...options
}: SelfSignedOptions): Promise<SelfSigned> {
  const { files, pki } = await ensurePki({ ...options, days: servingDays, replace: 'leaf-keys' });
  return {
    certificateFile: files.certificate,
    keyFile: files.key,
    pair: pki.serving,
    authorityFile: files.authority,
    created: pki.created,
  };
}
