/** Time for the answer to reach the caller, whose timeout started before the request arrived here. */
const MARGIN_MS = 500;

const UNITS_MS = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
const TIMEOUT = /(?:^|&)timeout=([^&]*)/;
/** The API server sends at most `30s`. Longer texts are not parsed. */
const MAX_CHARACTERS = 64;

/**
 * Milliseconds of a duration in the syntax of Go's `time.ParseDuration`, such as `10s`, `1m30s` or `1.5h`. `undefined` for
 * any other text, and for a duration that is not positive.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const digits = text.startsWith('+') ? text.slice(1) : text;
  let totalMs = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < digits.length) {
    const [, value = '', unit = 's'] = PART.exec(digits) ?? [];
    if (value === '') return undefined;
    totalMs += Number(value) * UNITS_MS[unit as keyof typeof UNITS_MS];
  }
  return totalMs > 0 ? totalMs : undefined;
}

/** Time of the caller, in milliseconds: the `timeout` in the query, or `maximumMs` if that is shorter or if there is none. */
export function timeoutOf(query: string, maximumMs: number): number {
  const [, text] = TIMEOUT.exec(query) ?? [];
  return Math.min((text === undefined ? undefined : parseDuration(text)) ?? maximumMs, maximumMs);
}

/**
 * Maximum time for the decision, in milliseconds: the time of the caller minus 500 ms for the way back. If that time is
 * below one second, half of it.
 */
export function budgetOf(query: string, maximumMs: number): number {
  const timeoutMs = timeoutOf(query, maximumMs);
  return Math.max(timeoutMs - MARGIN_MS, timeoutMs / 2);
}
