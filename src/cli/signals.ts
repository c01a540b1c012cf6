/** Why the gate has to stop. */
export type Stop = Impatience &
  (
    | { readonly reason: 'signal'; readonly signal: NodeJS.Signals }
    /** Something was thrown that nobody caught: nothing can be trusted to go on. */
    | { readonly reason: 'failure' }
  );

interface Impatience {
  /** Calls back when the signal is sent again. */
  readonly onImpatience: (hurry: () => void) => void;
  /** Whether something was thrown that nobody caught, at any time: then nothing ends well any more. */
  readonly hasFailed: () => boolean;
}

export interface SignalOptions {
  /** For SIGHUP. */
  readonly onReload: () => Promise<void>;
  /** Told of the first thing that was thrown and not caught, also while we are leaving. */
  readonly onFailure: (error: unknown) => void;
}

/** From a failure to the end, whatever hangs. Longer than a body may take and its answer after it. */
const LAST_MS = 20_000;

/**
 * Waits for SIGTERM or SIGINT, or for a failure that nobody caught. A second failure ends the process at once: what
 * was to answer for the first one does not work either.
 */
export function waitForStop({ onReload, onFailure }: SignalOptions): Promise<Stop> {
  const { promise, resolve } = Promise.withResolvers<Stop>();
  let hurry = (): void => undefined;
  let failed = false;
  const shared: Impatience = {
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
      // The log may be what broke; whoever waits for an answer has one.
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
