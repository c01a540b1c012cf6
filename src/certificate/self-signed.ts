import type { KeyPair } from './authority.ts';
import { ensurePki } from './pki-folder.ts';

export interface SelfSignedOptions {
  /** Contains `ca.crt`, `ca.key`, `tls.crt` and `tls.key`. Created if it is missing. */
  readonly folder: string;
  /** DNS names and IP addresses that clients use for the server. */
  readonly names: readonly string[];
  readonly now: () => Date;
  /** @default 3650 */
  readonly authorityDays?: number;
  /** The certificate is renewed after two thirds of it. @default 90 */
  readonly servingDays?: number;
}

interface SelfSigned {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The pair that was made or found. The two files may not match while another process renews them. */
  readonly pair: KeyPair;
  /** The authority that clients must trust. */
  readonly authorityFile: string;
  /** True if the authority was made by this call. No client trusts it yet. */
  readonly created: boolean;
}

/**
 * Creates files with a serving certificate and its authority at the first start, and reuses them later. A leaf that is no
 * longer good is replaced together with its key. Call it again from time to time. The authority is never replaced, because
 * its clients would then refuse the server.
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
