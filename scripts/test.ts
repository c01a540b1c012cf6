import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

/**
 * Runs all tests that need only Node, in as many processes as there are cores, but at most two: the tests start many
 * processes of their own. Prints the failures of each process when they happen, and one summary.
 * Further options are options of `node --test`.
 */
const processes = Math.min(2, availableParallelism());
const options = [
  '--test',
  '--test-isolation=none',
  '--test-force-exit',
  '--test-timeout=30000',
  '--test-reporter=./scripts/test-reporter.ts',
  ...process.argv.slice(2),
];
const files = ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'];

/** A line of the summary. */
const COUNT = /^ℹ (?<what>\w+) (?<count>[\d.]+)$/;

const startMs = performance.now();
const totals = new Map<string, number>();
const codes = await Promise.all(
  Array.from({ length: processes }, (_, index) => runShard(`${index + 1}/${processes}`)),
);
for (const [what, count] of totals) process.stdout.write(`ℹ ${what} ${count}\n`);
process.stdout.write(`ℹ duration_ms ${(performance.now() - startMs).toFixed(0)}\n`);
process.exitCode = Math.max(...codes);

/** Resolves with the exit code; a process that a signal ended has 1. */
async function runShard(shard: string): Promise<number> {
  const child = spawn(process.execPath, [...options, `--test-shard=${shard}`, ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  for await (const line of createInterface({ input: child.stdout })) {
    const { what, count } = COUNT.exec(line)?.groups ?? {};
    if (what === undefined) process.stdout.write(`${line}\n`);
    else if (what !== 'duration_ms') totals.set(what, (totals.get(what) ?? 0) + Number(count));
  }
  const [code] = await closed;
  return code ?? 1;
}
