import type { KeyPair } from '../certificate/authority.ts';
import { parseCertificates, parsePrivateKey, verifyKeyPair } from '../certificate/inspect.ts';
import { readSetting, requirePem } from './settings.ts';
import { SettingsError } from './settings-error.ts';

/**
 * The authority that `--ca-cert` and `--ca-key` name; `undefined` when they name none.
 *
 * @throws {SettingsError} SETTINGS_CONFLICT when only one is given, FILE_UNREADABLE, SETTING_INVALID
 */
export async function readAuthority({
  caCert,
  caKey,
}: {
  readonly caCert?: string;
  readonly caKey?: string;
}): Promise<KeyPair | undefined> {
  if (caCert === undefined && caKey === undefined) return undefined;
  if (caCert === undefined || caKey === undefined) {
    const missing = caCert === undefined ? '--ca-cert' : '--ca-key';
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      `${missing} is missing: a CA signs with both, --ca-cert and --ca-key`,
    );
  }
  const authority = {
    certificate: await readSetting('--ca-cert', caCert),
    key: await readSetting('--ca-key', caKey),
  };
  requirePem('--ca-cert', caCert, () => parseCertificates(authority.certificate));
  requirePem('--ca-key', caKey, () => parsePrivateKey(authority.key));
  requirePem('--ca-key', caKey, () => verifyKeyPair(authority));
  return authority;
}
