import { randomInt } from 'node:crypto';
import { inspect, parseArgs } from 'node:util';

import { differential } from '../differential/differential.ts';
import { findGoReaders } from '../differential/go-readers.ts';
import { serverDifferential } from '../differential/server-differential.ts';
import { findServerReaders } from '../differential/server-readers.ts';
import { manifestDifferential } from '../differential/manifest-differential.ts';
import { findManifestReaders } from '../differential/manifest-readers.ts';
import { runApiServer } from '../oracle/api-server-run.ts';
import { runCore, type CaseRange } from '../oracle/core-run.ts';
import { runServer } from '../oracle/server-run.ts';
import { isClean, renderRun, type OracleRun } from '../oracle/report.ts';
import { ordinaryYaml } from './ordinary-yaml.ts';
import { references } from './references.ts';
import { commandToRepeat, fuzz, type FuzzRange, type FuzzReport } from './target.ts';

/** Targets that end with the first violation that they find. */
interface Runnable {
  readonly name: string;
  readonly run: (range: FuzzRange) => FuzzReport | Promise<FuzzReport>;
}

const TARGETS: readonly Runnable[] = [
  { name: references.name, run: (range) => fuzz(references, range) },
  { name: ordinaryYaml.name, run: (range) => fuzz(ordinaryYaml, range) },
  { name: 'differential', run: async (range) => differential(range, await findGoReaders(process.env)) },
  {
    name: 'manifests',
    run: async (range) => manifestDifferential(range, await findManifestReaders(process.env)),
  },
  {
    name: 'server-files',
    run: async (range) => serverDifferential(range, await findServerReaders(process.env)),
  },
];

/** Targets that know the expected verdict of their inputs. */
const ORACLES: Readonly<Record<string, (range: CaseRange) => Promise<OracleRun>>> = {
  oracle: runCore,
  server: runServer,
  'api-server': runApiServer,
};

const USAGE = `usage: npm run fuzz -- TARGET [--cases N] [--seed S] [--from I] [--families]
  TARGET      one of: ${[...TARGETS.map(({ name }) => name), ...Object.keys(ORACLES)].join(', ')}
  --cases     how many inputs (1000000)
  --seed      which inputs; the same seed gives the same ones (random)
  --from      number of the first case (0)
  --families  print how many cases of each family were drawn
`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      cases: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      from: { type: 'string', default: '0' },
      families: { type: 'boolean', default: false },
    },
  });
  const [name = ''] = positionals;
  const [cases, seed, from] = [values.cases, values.seed, values.from].map(Number);
  const target = TARGETS.find((one) => one.name === name);
  const oracle = Object.hasOwn(ORACLES, name) ? ORACLES[name] : undefined;
  if (!isCount(cases) || !isCount(seed) || !isCount(from)) return usage();
  if (target !== undefined) return examine(target, { seed, from, cases });
  if (oracle === undefined) return usage();
  const run = await oracle({ seed, from, cases });
  process.stdout.write(renderRun(run, values.families));
  return isClean(run) ? 0 : 1;
}

function usage(): number {
  process.stderr.write(USAGE);
  return 2;
}

async function examine(target: Runnable, range: CaseRange): Promise<number> {
  const started = performance.now();
  const report = await target.run(range);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(render(target, report, range.seed, seconds));
  return report.find === undefined ? 0 : 1;
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function render(target: Runnable, report: FuzzReport, seed: number, seconds: string): string {
  const outcomes = [...report.outcomes]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([outcome, count]) => `${outcome} ${count}`);
  const summary = `${target.name}: ${report.cases} cases, ${outcomes.join(', ')}, seed ${seed}, ${seconds} s\n`;
  const { find } = report;
  if (find === undefined) return summary;
  return `${summary}case ${find.index}: ${JSON.stringify(find.input)}\n${inspect(find.error)}\nrepeat: ${commandToRepeat(target, seed, find.index)}\n`;
}
