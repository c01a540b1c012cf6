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
  /** Sets the callback for each further signal. */
  readonly onFurtherSignal: (callFurther: () => void) => void;
  /** Whether there has been an uncaught exception. */
  readonly hasFailed: () => boolean;
}

interface SignalOptions {
  /** Called for SIGHUP. */
  readonly onReload: () => Promise<void>;
  /** Called with the first exception that was not caught, also while the process stops. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Longest time in milliseconds from a failure to the end of the process. It is longer than the time for one body and
 * its answer.
 */
const LAST_MS = 20_000;

/**
 * Waits for SIGTERM or SIGINT, or for an exception that was not caught. A second exception ends the process at once,
 * because the handling of the first exception has failed too.
 */
export function waitForStop({ onReload, onFailure }: SignalOptions): Promise<Stop> {
  const { promise, resolve } = Promise.withResolvers<Stop>();
  let callFurther = (): void => undefined;
  let failed = false;
  const shared: StopState = {
    onFurtherSignal: (callback) => {
      callFurther = callback;
    },
    hasFailed: () => failed,
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    callFurther();
    resolve({ ...shared, reason: 'signal', signal });
  };
  const onUncaught = (error: unknown): void => {
    if (failed) process.exit(1);
    failed = true;
    setTimeout(() => process.exit(1), LAST_MS).unref();
    try {
      onFailure(error);
    } catch {
      // The log may be the cause of the failure. Open requests are answered already.
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

/** The number of file descriptors for Node, for watched files, for the log and for the health port. */
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
 * The number of connections for which the descriptors suffice, at most `wanted`. Without free descriptors the kernel
 * would reject every new connection. At its own limit the server closes the connection that is idle longest, and it
 * still answers health probes.
 */
export function fitConnections(wanted: number, descriptors: number | undefined): number {
  if (descriptors === undefined) return wanted;
  return Math.min(wanted, Math.max(LEAST_CONNECTIONS, descriptors - RESERVED));
}
