import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import type { LogLevel, PartialStrykerOptions } from '@stryker-mutator/api/core';
import { Stryker } from '@stryker-mutator/core';

import { renderScores, scoreFiles, total } from './report.ts';
import { ROOMS } from './rooms.ts';

const USAGE = `usage: npm run mutation -- ROOM [--file GLOB]... [--report FILE] [--least PERCENT] [--concurrency N] [--quick]
  ROOM           one of: ${Object.keys(ROOMS).join(', ')}
  --file         mutate only these sources of the room
  --report       where every mutant is written, as JSON (.cache/mutation/ROOM.json)
  --least        exit code 1 below this score (90)
  --concurrency  processes that try mutants (2)
  --quick        leave out mutants that act while modules load: every test has to be tried on them
`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      file: { type: 'string', multiple: true },
      report: { type: 'string' },
      least: { type: 'string', default: '90' },
      concurrency: { type: 'string', default: '2' },
      quick: { type: 'boolean', default: false },
    },
  });
  const [name = ''] = positionals;
  const room = ROOMS[name];
  const [least, concurrency] = [Number(values.least), Number(values.concurrency)];
  if (room === undefined || Number.isNaN(least) || !Number.isSafeInteger(concurrency)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const report = resolve(values.report ?? `.cache/mutation/${name}.json`);
  const started = performance.now();
  const mutants = await tryMutants({
    nodeTest: { files: room.tests },
    mutate: [...(values.file ?? room.sources)],
    concurrency,
    ignoreStatic: values.quick,
  });
  await mkdir(dirname(report), { recursive: true });
  await writeFile(report, `${JSON.stringify(mutants, null, 1)}\n`);
  const scores = scoreFiles(mutants, process.cwd());
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(`${renderScores(scores)}${name}: ${seconds} s, every mutant in ${report}\n`);
  return total(scores).score >= least ? 0 : 1;
}

/** Works in a copy outside the checkout, so that no other process loads a mutant. */
async function tryMutants(options: PartialStrykerOptions): ReturnType<Stryker['runMutationTest']> {
  const folder = await mkdtemp(join(tmpdir(), 'mutation-'));
  // Beside the copies, so that they find it even if our node_modules is a link.
  await symlink(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
  const stryker = new Stryker({
    ...options,
    plugins: [fileURLToPath(new URL('./test-runner.ts', import.meta.url))],
    testRunner: 'node-test',
    coverageAnalysis: 'perTest',
    reporters: ['progress-append-only'],
    logLevel: 'warn' as LogLevel.Warning,
    allowConsoleColors: false,
    disableTypeChecks: false,
    ignorePatterns: ['.cache', 'dist', 'dist-image', 'bench'],
    // Stryker would rewrite its paths, and needs the JavaScript interface of an older TypeScript for that.
    tsconfigFile: 'none',
    symlinkNodeModules: false,
    tempDirName: folder,
    // Long enough for a busy machine. Most endless loops are ended by their count of passes.
    timeoutMS: 10_000,
    timeoutFactor: 4,
    warnings: false,
    // Old copies of reloaded modules stay in memory.
    maxTestRunnerReuse: 200,
  });
  try {
    return await stryker.runMutationTest();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
