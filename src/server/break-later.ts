/**
 * Throws in a turn of its own. What is thrown out of a callback of Node's HTTP parser, or in a tick behind it, stops that
 * parser: the rest of the request never comes, and the one that is to be refused could not be.
 */
export function breakLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
