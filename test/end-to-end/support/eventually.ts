import { setTimeout as delay } from 'node:timers/promises';

/**
 * The first defined value that `probe` gives, asked again and again until `timeoutMs` have passed.
 * A probe that throws is asked again; its last error explains why the wait failed.
 *
 * @throws when the time is over, naming `what` was waited for.
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

/** Thrown by a probe when waiting longer is pointless. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
}
