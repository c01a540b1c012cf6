import { RolloutError } from './progress.ts';

/**
 * Runs the part of an action that changes something. The caller aborts the signal when the user interrupts the command, with
 * an {@link interruptionBy} as its reason. The action then puts back what it changed, or says what remains.
 */
export type WhileChanging = <Result>(
  change: (interruption: AbortSignal) => Promise<Result>,
) => Promise<Result>;

/** The error of an action that the user interrupts. @param signal such as `SIGINT` */
export function interruptionBy(signal: string): RolloutError {
  return new RolloutError('INTERRUPTED', `${signal} interrupted this command`);
}

/** Whether an error is the interruption of a user. */
export function isInterruption(error: unknown): error is RolloutError {
  return error instanceof RolloutError && error.code === 'INTERRUPTED';
}

/** The same error, with a clause about what remains and what to do. Any other error is returned as it is. */
export function saying(error: unknown, remains: string): unknown {
  return isInterruption(error)
    ? new RolloutError('INTERRUPTED', `${error.message}: ${remains}`, { cause: error })
    : error;
}

/** A function that sleeps until the time is over, or throws the reason of the interruption as soon as it comes. */
export function interruptible(
  sleep: (ms: number) => Promise<unknown>,
  interruption: AbortSignal | undefined,
): (ms: number) => Promise<void> {
  return async (ms) => {
    interruption?.throwIfAborted();
    const { promise: interrupted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(interruption?.reason as Error);
    interruption?.addEventListener('abort', onAbort);
    try {
      await Promise.race([sleep(ms), interrupted]);
    } finally {
      interruption?.removeEventListener('abort', onAbort);
    }
  };
}
