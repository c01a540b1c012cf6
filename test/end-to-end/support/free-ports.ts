import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below Linux's ephemeral range (32768–60999): a port that is free now cannot be taken by an outgoing connection
// while its server restarts.
const lowestPort = 20_000;
const highestPort = 32_000;
const attempts = 100;

const handedOut = new Set<number>();

/** A port of 127.0.0.1 without a listener. No port is returned twice in one process. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(lowestPort, highestPort);
    if (!handedOut.has(port) && (await isFree(port))) {
      handedOut.add(port);
      return port;
    }
  }
  throw new Error(`no free port between ${lowestPort} and ${highestPort} after ${attempts} attempts`);
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
