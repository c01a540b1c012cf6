/** Why the gate has to stop. */
export type Stop = Impatience &
  (
    | { readonly reason: 'signal'; readonly signal: NodeJS.Signals }
    /** Something was thrown that nobody caught: nothing can be trusted to go on. */
    | { readonly reason: 'failure'; readonly error: unknown }
  );

interface Impatience {
  /** Calls back when the signal is sent again. */
  readonly onImpatience: (hurry: () => void) => void;
}

export interface SignalOptions {
  /** For SIGHUP. */
  readonly onReload: () => Promise<void>;
}

/** Waits for SIGTERM or SIGINT, or for a failure that nobody caught. */
export function waitForStop({ onReload }: SignalOptions): Promise<Stop> {
  const { promise, resolve } = Promise.withResolvers<Stop>();
  let hurry = (): void => undefined;
  const onImpatience = (callback: () => void): void => {
    hurry = callback;
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    hurry();
    resolve({ reason: 'signal', signal, onImpatience });
  };
  const onFailure = (error: unknown): void => resolve({ reason: 'failure', error, onImpatience });
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', onFailure);
  process.on('unhandledRejection', onFailure);
  process.on('SIGHUP', () => void onReload().catch(onFailure));
  return promise;
}
