import { readFileSync } from 'node:fs';

/** Of Node, of the files that are followed, of the log, and of the health port. */
const RESERVED = 40;
const LEAST_CONNECTIONS = 8;

/** How many descriptors this process may have open, as Linux says; `undefined` where nobody knows, or where there is no limit. */
export function readDescriptorLimit(): number | undefined {
  try {
    // Node has raised the soft limit to the hard one by now.
    const [, soft] = /^Max open files +(\d+) /m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/**
 * As many connections as there are descriptors for. Beyond that the kernel ends new ones, whoever they come from; at a
 * limit of our own the longest idle ones give way, and probes of health are answered.
 */
export function fitConnections(wanted: number, descriptors: number | undefined): number {
  if (descriptors === undefined) return wanted;
  return Math.min(wanted, Math.max(LEAST_CONNECTIONS, descriptors - RESERVED));
}
