import { setTimeout as delay } from 'node:timers/promises';

/**
 * Calls `probe` until it returns a defined value, for at most `timeoutMs`. A probe that throws is called again. Its
 * last error is the cause of the timeout error.
 *
 * @throws if the time is over; the message contains `what`.
 */
export async function eventually<Value>(
  what: string,
  probe: () => Promise<Value | undefined>,
  options: { readonly timeoutMs?: number; readonly intervalMs?: number } = {},
): Promise<Value> {
  const { timeoutMs = 30_000, intervalMs = 100 } = options;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  do {
    try {
      const value = await probe();
      if (value !== undefined) return value;
      lastError = undefined;
    } catch (error) {
      if (error instanceof GivenUpError) throw error;
      lastError = error;
    }
    await delay(intervalMs);
  } while (performance.now() < deadline);
  throw new Error(`${what}: not within ${timeoutMs / 1000} s`, { cause: lastError });
}

/** An error of a probe for which further attempts are useless. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
}
