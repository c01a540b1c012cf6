import { readFileSync } from 'node:fs';
import { forgetExtraAuthorities } from '../server/tls.ts';
import type { Environment } from './command.ts';
import { SettingsError } from './settings.ts';

/** Why the gate has to stop. */
export type Stop = StopState &
  (
    | { readonly reason: 'signal'; readonly signal: NodeJS.Signals }
    /** An exception was not caught, so the state of the process is unknown. */
    | { readonly reason: 'failure' }
  );

interface StopState {
  /** Calls back when the signal is sent again. */
  readonly onImpatience: (hurry: () => void) => void;
  /** Whether an exception was not caught at any time. */
  readonly hasFailed: () => boolean;
}

interface SignalOptions {
  /** For SIGHUP. */
  readonly onReload: () => Promise<void>;
  /** Called with the first exception that was not caught, also while the process stops. */
  readonly onFailure: (error: unknown) => void;
}

/** Longest time from a failure to the end of the process; longer than one body and its answer take. */
const LAST_MS = 20_000;

/**
 * Waits for SIGTERM or SIGINT, or for an exception that was not caught. A second exception ends the process at once,
 * because the handler of the first one does not work either.
 */
export function waitForStop({ onReload, onFailure }: SignalOptions): Promise<Stop> {
  const { promise, resolve } = Promise.withResolvers<Stop>();
  let hurry = (): void => undefined;
  let failed = false;
  const shared: StopState = {
    onImpatience: (callback) => {
      hurry = callback;
    },
    hasFailed: () => failed,
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    hurry();
    resolve({ ...shared, reason: 'signal', signal });
  };
  const onUncaught = (error: unknown): void => {
    if (failed) process.exit(1);
    failed = true;
    setTimeout(() => process.exit(1), LAST_MS).unref();
    try {
      onFailure(error);
    } catch {
      // The log may be the cause; open requests are answered already.
    }
    resolve({ ...shared, reason: 'failure' });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  process.on('SIGHUP', () => void onReload().catch(onUncaught));
  return promise;
}

/**
 * Refuses variables that change how Node runs, because the command line does not show them (G22).
 * @returns a sentence for each variable that is ignored
 * @throws {SettingsError} SETTING_INVALID
 */
export function secureNode(environment: Environment): readonly string[] {
  const { NODE_OPTIONS: options = '', NODE_EXTRA_CA_CERTS: authorities = '' } = environment;
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    throw new SettingsError(
      'SETTING_INVALID',
      'NODE_TLS_REJECT_UNAUTHORIZED=0 makes Node accept every certificate: unset it',
    );
  }
  if (options.trim() !== '') {
    throw new SettingsError(
      'SETTING_INVALID',
      `NODE_OPTIONS: ${JSON.stringify(options)} changes how Node runs the gate, and may load other programs into it: unset it, and give the flags to node itself`,
    );
  }
  if (authorities === '') return [];
  forgetExtraAuthorities();
  return [
    `NODE_EXTRA_CA_CERTS is ignored: only the options and the kubeconfig decide which authorities the gate trusts`,
  ];
}

/** Descriptors of Node, of the files that are followed, of the log and of the health port. */
const RESERVED = 40;
const LEAST_CONNECTIONS = 8;

/** The number of descriptors that this process may open; `undefined` without a limit, or on systems other than Linux. */
export function readDescriptorLimit(): number | undefined {
  try {
    // Node has raised the soft limit to the hard one already.
    const [, soft] = /^Max open files +(\d+) /m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/**
 * The number of connections that the descriptors suffice for. Without descriptors the kernel rejects every new
 * connection. At the server's own limit the longest idle connection is closed, and health probes are answered.
 */
export function fitConnections(wanted: number, descriptors: number | undefined): number {
  if (descriptors === undefined) return wanted;
  return Math.min(wanted, Math.max(LEAST_CONNECTIONS, descriptors - RESERVED));
}
