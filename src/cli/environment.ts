import type { Command } from 'commander';
import type { Environment } from './command.ts';
import { SettingsError } from './settings.ts';

/** The environment variable of each option. A flag overrides its variable. */
export const VARIABLES = {
  cert: 'BOUNCER_CERTIFICATE',
  key: 'BOUNCER_KEY',
  port: 'BOUNCER_PORT',
  registryWhitelist: 'BOUNCER_REGISTRY_WHITELIST',
  allowedRegistries: 'BOUNCER_ALLOWED_REGISTRIES',
  debug: 'BOUNCER_DEBUG',
  policy: 'BOUNCER_POLICY',
  language: 'BOUNCER_LANGUAGE',
  messages: 'BOUNCER_MESSAGES',
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
  maxBody: 'BOUNCER_MAX_BODY',
  maxReceiving: 'BOUNCER_MAX_RECEIVING',
  maxConnections: 'BOUNCER_MAX_CONNECTIONS',
  maxQueue: 'BOUNCER_MAX_QUEUE',
  maxWait: 'BOUNCER_MAX_WAIT',
  canaryKubeconfig: 'BOUNCER_CANARY_KUBECONFIG',
  canaryInterval: 'BOUNCER_CANARY_INTERVAL',
  canaryNamespace: 'BOUNCER_CANARY_NAMESPACE',
} as const satisfies Readonly<Record<string, string>>;

/** Options with two names. A flag with either name overrides the variables of both names. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  registryWhitelist: 'allowedRegistries',
  allowedRegistries: 'registryWhitelist',
};

// The values of Go's strconv.ParseBool, which the Go program used, and other common values.
const YES = new Set(['1', 't', 'true', 'y', 'yes', 'on']);
const NO = new Set(['0', 'f', 'false', 'n', 'no', 'off']);

/**
 * Sets options of a command from the environment. Options of the command line are kept.
 * @throws {SettingsError} SETTING_INVALID for a switch that is neither on nor off.
 */
export function applyEnvironment(command: Command, environment: Environment): void {
  const isFlagged = (name: string | undefined): boolean =>
    name !== undefined && command.getOptionValueSource(name) === 'cli';
  for (const option of command.options) {
    const name = option.attributeName();
    const variable = Object.hasOwn(VARIABLES, name) ? VARIABLES[name as keyof typeof VARIABLES] : undefined;
    const value = variable === undefined ? undefined : environment[variable];
    if (variable === undefined || value === undefined || value === '') continue;
    if (isServiceLink(variable, value)) continue;
    if (isFlagged(name) || isFlagged(OTHER_NAMES[name])) continue;
    command.setOptionValueWithSource(name, option.isBoolean() ? parseSwitch(variable, value) : value, 'env');
  }
}

/** If a Service is called `bouncer`, Kubernetes sets `BOUNCER_PORT=tcp://10.0.0.1:443` in every pod of its namespace. */
function isServiceLink(variable: string, value: string): boolean {
  return variable === VARIABLES.port && /^(tcp|udp|sctp):\/\//.test(value);
}

function parseSwitch(variable: string, value: string): boolean {
  const word = value.trim().toLowerCase();
  if (YES.has(word)) return true;
  if (NO.has(word)) return false;
  throw new SettingsError(
    'SETTING_INVALID',
    `${variable}: ${JSON.stringify(value)} is neither "true" nor "false"`,
  );
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
