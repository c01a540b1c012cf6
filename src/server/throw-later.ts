/**
 * Throws in the next turn of the event loop. An exception that leaves a callback of Node's HTTP parser stops that
 * parser: the rest of the request would never arrive, and the request could not be refused.
 */
export function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
