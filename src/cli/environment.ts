import type { Command } from 'commander';
import type { Environment } from './streams.ts';

/** Environment variables, by the option that each stands for. A flag wins over its variable. */
export const VARIABLES = {
  cert: 'BOUNCER_CERTIFICATE',
  key: 'BOUNCER_KEY',
  port: 'BOUNCER_PORT',
  registryWhitelist: 'BOUNCER_REGISTRY_WHITELIST',
  allowedRegistries: 'BOUNCER_ALLOWED_REGISTRIES',
  debug: 'BOUNCER_DEBUG',
  policy: 'BOUNCER_POLICY',
  language: 'BOUNCER_LANGUAGE',
  bind: 'BOUNCER_BIND',
  insecureBind: 'BOUNCER_INSECURE_BIND',
  healthPort: 'BOUNCER_HEALTH_PORT',
  selfSigned: 'BOUNCER_SELF_SIGNED',
  stateDir: 'BOUNCER_STATE_DIR',
  hostNames: 'BOUNCER_HOST_NAMES',
  clientCa: 'BOUNCER_CLIENT_CA',
  clientName: 'BOUNCER_CLIENT_NAME',
  reviewTimeout: 'BOUNCER_REVIEW_TIMEOUT',
  drain: 'BOUNCER_DRAIN',
} as const satisfies Readonly<Record<string, string>>;

const NO = new Set(['', '0', 'f', 'false', 'no']);

/** Gives a command the options that the environment sets and the command line does not. */
export function applyEnvironment(command: Command, environment: Environment): void {
  for (const option of command.options) {
    const name = option.attributeName();
    const variable = Object.hasOwn(VARIABLES, name) ? VARIABLES[name as keyof typeof VARIABLES] : undefined;
    const value = variable === undefined ? undefined : environment[variable];
    if (value === undefined || value === '' || command.getOptionValueSource(name) === 'cli') continue;
    command.setOptionValueWithSource(name, option.isBoolean() ? !NO.has(value.toLowerCase()) : value, 'env');
  }
}

/** The table for `--help`. */
export function renderEnvironment(): string {
  const rows = Object.entries(VARIABLES).map(
    ([option, variable]) => `  ${variable.padEnd(28)} --${kebabCase(option)}`,
  );
  return ['Environment (a flag wins):', ...rows].join('\n');
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
