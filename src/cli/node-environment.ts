import { forgetExtraAuthorities } from '../server/tls.ts';
import { SettingsError } from './settings-error.ts';
import type { Environment } from './streams.ts';

/**
 * Refuses what changes Node behind the back of the gate, since whoever reads its command line does not see it (G22).
 * @returns what was found and is ignored, a sentence each
 * @throws {SettingsError} SETTING_INVALID
 */
export function secureNode(environment: Environment): readonly string[] {
  const { NODE_OPTIONS: options = '', NODE_EXTRA_CA_CERTS: authorities = '' } = environment;
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    throw new SettingsError(
      'SETTING_INVALID',
      'NODE_TLS_REJECT_UNAUTHORIZED=0 has Node believe every certificate: unset it',
    );
  }
  if (options.trim() !== '') {
    throw new SettingsError(
      'SETTING_INVALID',
      `NODE_OPTIONS: ${JSON.stringify(options)} changes how Node runs the gate, and may load other programs into it: unset it, and give node itself the flags that are wanted`,
    );
  }
  if (authorities === '') return [];
  forgetExtraAuthorities();
  return [
    `NODE_EXTRA_CA_CERTS is ignored: whom the gate trusts is said by its options and its kubeconfig alone`,
  ];
}
