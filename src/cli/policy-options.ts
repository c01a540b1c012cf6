import type { Command } from 'commander';
import { PolicyProblemsError } from '../policy/decode.ts';
import { inert } from '../language/terminal.ts';
import { sayWarning } from '../policy/lint.ts';
import type { Policy } from '../policy/policy.ts';
import type { LoadedPolicy } from '../policy-source/load.ts';
import { loadPolicyFrom, type PolicyOrigin } from '../policy-source/policy-source.ts';
import { type Streams, writeTo } from './command.ts';
import type { LanguageOptions } from './language.ts';
import { conflict, invalid, splitList } from './settings.ts';

/** The options of {@link addPolicyOptions} as text. */
export interface PolicyOptions extends LanguageOptions {
  readonly policy?: string;
  readonly allowedRegistries?: string;
  readonly registryWhitelist?: string;
}

/** Options of `serve`, `check` and `explain`. */
export function addPolicyOptions(command: Command, description = 'policy file'): Command {
  return command
    .option('--policy <file>', `${description} (default: no image may use the tag "latest")`)
    .option(
      '--allowed-registries <hosts>',
      'without --policy: refuse images of other registries than these, comma separated',
    )
    .option('--registry-whitelist <hosts>', 'the older name of --allowed-registries')
    .option('--language <tag>', 'language of denials: en, zh, or the language of --messages')
    .option('--messages <file>', 'file with messages in another language, YAML');
}

/**
 * The policy of the options. `language` chooses among a rule's `messages`. Warnings about its file go to `stderr`.
 * @throws {PolicyFileError} if the file cannot be loaded
 * @throws {SettingsError} SETTINGS_CONFLICT or SETTING_INVALID
 */
export async function choosePolicy(
  options: PolicyOptions,
  language: string | undefined,
  stderr: Streams['stderr'],
): Promise<Policy> {
  return (await chooseLoadedPolicy(options, language, stderr)).policy;
}

/** Like {@link choosePolicy}, with the document of the policy. */
export async function chooseLoadedPolicy(
  options: PolicyOptions,
  language: string | undefined,
  stderr: Streams['stderr'],
): Promise<LoadedPolicy> {
  const origin = decodePolicyOrigin(options);
  const loaded = await namingRegistries(() => loadPolicyFrom(origin, language));
  if (origin.kind === 'file')
    for (const warning of loaded.policy.warnings) writeTo(stderr, inert(`warning: ${sayWarning(warning)}\n`));
  return loaded;
}

/**
 * The source of the policy: a file, or the default policy with the allowed registries. `--registry-whitelist` is
 * another name of `--allowed-registries`.
 * @throws {SettingsError} SETTINGS_CONFLICT if both names are used, or one of them together with `--policy`;
 * SETTING_INVALID for a list without hosts
 */
export function decodePolicyOrigin(options: PolicyOptions): PolicyOrigin {
  const { policy, allowedRegistries, registryWhitelist } = options;
  if (allowedRegistries !== undefined && registryWhitelist !== undefined)
    throw conflict('--registry-whitelist is the older name of --allowed-registries: give one of them');
  const text = allowedRegistries ?? registryWhitelist ?? '';
  const registries = splitList(text);
  // An empty list would allow every registry.
  if (text !== '' && registries.length === 0)
    throw invalid(`--allowed-registries: ${JSON.stringify(text)} contains no host`);
  if (policy === undefined) return { kind: 'default', registries };
  if (registries.length > 0)
    throw conflict(
      '--allowed-registries cannot be used with --policy: write an allowedImages rule into the policy',
    );
  return { kind: 'file', file: policy };
}

/** @throws {SettingsError} SETTING_INVALID if the default policy cannot be made, because a registry is not valid */
export async function namingRegistries<Result>(load: () => Promise<Result>): Promise<Result> {
  try {
    return await load();
  } catch (cause) {
    if (!(cause instanceof PolicyProblemsError)) throw cause;
    const problems = cause.problems.map(({ message, hint }) =>
      hint === undefined ? message : `${message} (${hint})`,
    );
    throw invalid(`--allowed-registries: ${problems.join('; ')}`, { cause });
  }
}
