/**
 * Throws in the next turn of the event loop. An exception that leaves a callback of Node's HTTP parser stops that
 * parser: the rest of the request would never arrive, and a request that has to be refused could not be.
 */
export function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
