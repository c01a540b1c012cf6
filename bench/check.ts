import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeManifests } from './manifests.ts';
import { figure, median, renderTable } from './table.ts';

/** What is compared. */
interface CheckBench {
  /** A folder for the manifests and the outputs. */
  readonly folder: string;
  readonly manifests: number;
  /** How often each program runs. */
  readonly rounds: number;
  /** `main.js` of another build of this program. */
  readonly before?: string | undefined;
  /** The binary of `gator`. */
  readonly gator?: string | undefined;
}

/** A program that judges a folder, and what one of its results looks like in its output. */
interface Contestant {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly result: RegExp;
}

/** One run. */
interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMebibytes: number;
  readonly results: number;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Measures a process with all its threads. */
const TIME = '/usr/bin/time';

/**
 * Runs the bundle, another build and gator in turn on the same manifests, and renders the medians with their ratios to the
 * bundle.
 * @throws if a program finds another number of results than the bundle, because then it did other work
 */
export function measureCheck(bench: CheckBench): string {
  if (!existsSync(TIME)) throw new Error(`${TIME} is missing: install GNU time`);
  const manifests = join(bench.folder, 'manifests');
  writeManifests(manifests, bench.manifests);
  const contestants = contestantsOf(bench, manifests);
  const runs = new Map(contestants.map(({ name }): [string, Run[]] => [name, []]));
  // The round before the others fills the cache of the file system.
  for (let round = 0; round <= bench.rounds; round += 1) {
    for (const contestant of contestants) {
      const run = measure(contestant, bench.folder);
      if (round > 0) runs.get(contestant.name)?.push(run);
    }
  }
  return render(runs);
}

function contestantsOf({ before, gator }: CheckBench, manifests: string): readonly Contestant[] {
  const ours = (name: string, program: string): Contestant => ({
    name,
    command: [process.execPath, program, 'check', manifests],
    result: /^refused /gm,
  });
  return [
    ours('this build', join(ROOT, 'dist', 'main.js')),
    ...(before === undefined ? [] : [ours('other build', before)]),
    ...(gator === undefined
      ? []
      : [
          {
            name: 'gator test',
            command: [gator, 'test', '-f', manifests, '-f', join(ROOT, 'bench', 'no-latest.gator.yaml')],
            result: /Message: /g,
          } satisfies Contestant,
        ]),
  ];
}

function measure({ name, command, result }: Contestant, folder: string): Run {
  const [output, times] = [join(folder, 'output'), join(folder, 'times')];
  const descriptor = openSync(output, 'w');
  const { status, stderr } = spawnSync(TIME, ['-q', '-o', times, '-f', '%e %U %S %M', ...command], {
    stdio: ['ignore', descriptor, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(descriptor);
  // Both programs end with 1 if something is refused.
  if (status !== 1) throw new Error(`${name} ended with ${status}: ${stderr}`);
  const [seconds = 0, user = 0, system = 0, kibibytes = 0] = readFileSync(times, 'utf8')
    .split(' ')
    .map(Number);
  return {
    seconds,
    cpuSeconds: user + system,
    peakMebibytes: kibibytes / 1024,
    results: readFileSync(output, 'utf8').match(result)?.length ?? 0,
  };
}

function render(runs: ReadonlyMap<string, readonly Run[]>): string {
  const rows = [...runs].map(([name, list]) => ({
    name,
    results: [...new Set(list.map(({ results }) => results))],
    values: [
      median(list.map(({ seconds }) => seconds)),
      median(list.map(({ cpuSeconds }) => cpuSeconds)),
      Math.max(...list.map(({ peakMebibytes }) => peakMebibytes)),
    ],
  }));
  const [first] = rows;
  const unequal = rows.find(({ results }) => results.length !== 1 || results[0] !== first?.results[0]);
  if (first === undefined || unequal !== undefined)
    throw new Error(
      `${unequal?.name}: ${unequal?.results.join(', ')} results, not ${first?.results.join(', ')}`,
    );
  return renderTable(
    ['(ratio: this build to it)', 'wall s', 'CPU s', 'peak RSS MiB', 'results'],
    rows.map(({ name, values, results }) => {
      const ratio = (value: number, index: number): string =>
        `${figure(value)} (${((first.values[index] ?? 0) / value).toFixed(2)})`;
      return [name].concat(values.map(ratio), String(results[0]));
    }),
  );
}
