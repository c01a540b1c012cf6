import { decodePolicy, PolicyProblemsError } from '../policy/decode.ts';
import { defaultPolicyDocument } from '../policy/default-policy.ts';
import type { Policy } from '../policy/policy.ts';
import { SettingsError } from './settings-error.ts';

/** Which policy is meant: the file that is named, or what stands in for one. */
export interface PolicyOptions {
  readonly policy?: string;
  readonly allowedRegistries?: string;
  readonly registryWhitelist?: string;
  /** Chooses among a rule's `messages`. */
  readonly language?: string;
}

/**
 * @throws {PolicyFileError} when the file cannot be loaded.
 * @throws {SettingsError} SETTINGS_CONFLICT or SETTING_INVALID
 */
export async function choosePolicy(options: PolicyOptions): Promise<Policy> {
  const registries = chooseRegistries(options);
  if (options.policy === undefined) return decodeDefaultPolicy(registries, options.language);
  // With it comes the YAML library, which nobody needs who names no file.
  const { loadPolicy } = await import('../policy/load.ts');
  return loadPolicy(options.policy, options.language);
}

/**
 * The hosts of `--allowed-registries`, by either name of the option.
 * @throws {SettingsError} SETTINGS_CONFLICT when both names are used, or a policy file as well; SETTING_INVALID for
 * a list that names nothing.
 */
export function chooseRegistries({ policy, allowedRegistries, registryWhitelist }: PolicyOptions): string[] {
  if (allowedRegistries !== undefined && registryWhitelist !== undefined) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      '--registry-whitelist is the older name of --allowed-registries: give one of them',
    );
  }
  const text = allowedRegistries ?? registryWhitelist ?? '';
  const registries = splitList(text);
  if (text !== '' && registries.length === 0) {
    // Else a list of nothing would allow everything.
    throw new SettingsError('SETTING_INVALID', `--allowed-registries: ${JSON.stringify(text)} names no host`);
  }
  if (policy !== undefined && registries.length > 0) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      '--allowed-registries is for when there is no --policy: write an allowedImages rule into the policy',
    );
  }
  return registries;
}

/** @throws {SettingsError} SETTING_INVALID for a host that is none. */
export async function decodeDefaultPolicy(
  registries: readonly string[],
  language: string | undefined,
): Promise<Policy> {
  try {
    return await decodePolicy(defaultPolicyDocument(registries), language);
  } catch (cause) {
    if (!(cause instanceof PolicyProblemsError)) throw cause;
    const problems = cause.problems.map(({ message, hint }) =>
      hint === undefined ? message : `${message} (${hint})`,
    );
    throw new SettingsError('SETTING_INVALID', `--allowed-registries: ${problems.join('; ')}`, { cause });
  }
}

/** The parts of a comma separated list. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
