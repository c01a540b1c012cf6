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
}

export interface SignalOptions {
  /** For SIGHUP. */
  readonly onReload: () => Promise<void>;
  /** Told of everything that was thrown and not caught, also while we are leaving. */
  readonly onFailure: (error: unknown) => void;
}

/** Waits for SIGTERM or SIGINT, or for a failure that nobody caught. */
export function waitForStop({ onReload, onFailure }: SignalOptions): Promise<Stop> {
  const { promise, resolve } = Promise.withResolvers<Stop>();
  let hurry = (): void => undefined;
  const onImpatience = (callback: () => void): void => {
    hurry = callback;
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    hurry();
    resolve({ reason: 'signal', signal, onImpatience });
  };
  const onUncaught = (error: unknown): void => {
    onFailure(error);
    resolve({ reason: 'failure', onImpatience });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  process.on('SIGHUP', () => void onReload().catch(onUncaught));
  return promise;
}
