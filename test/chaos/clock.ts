import { existsSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startGate, type Gate } from './gate.ts';
import { trialOf, unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
];
const RATE = 200;
const HOUR_MS = 3_600_000;

/**
 * A time for the clock of the gate, as seconds from the real time, and whether the certificate (two days) is valid at
 * that time.
 */
interface Step {
  readonly name: string;
  readonly at: () => number;
  readonly holds: boolean;
}

const STEPS: readonly Step[] = [
  { name: '+24 h', at: () => 24 * 3600, holds: true },
  { name: '-24 h', at: () => -24 * 3600, holds: false },
  { name: '1970', at: () => secondsTo('1970-01-02T00:00:00Z'), holds: false },
  { name: '2038', at: () => secondsTo('2038-01-19T03:14:00Z'), holds: false },
  { name: '+1 s', at: () => 1, holds: true },
  { name: '-1 s', at: () => -1, holds: true },
  { name: '-30 min', at: () => -1800, holds: true },
  { name: 'now', at: () => 0, holds: true },
];

export const clock: Scenario = {
  id: 'R19',
  title: 'a clock that jumps',
  goal: '±24 h, 1970, 2038, backwards under load: no wrong verdict, no crash, readiness shows the certificate',
  run: (chaos) => jump(chaos),
  control: {
    title: 'deadlines depend on the time of day',
    run: (chaos) => jump(chaos, DEADLINES_BY_TIME_OF_DAY),
  },
};

/** Makes `performance.now` follow the time of day, so that a jump of the clock moves all deadlines. */
const DEADLINES_BY_TIME_OF_DAY = `
  const startMs = Date.now() - performance.now();
  performance.now = () => Date.now() - startMs;
`;

/** The time of day jumps; the monotonic clock does not, as in the kernel. */
const ONLY_TIME_OF_DAY = { DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };

async function jump({ stand, seed, quick }: Chaos, preload?: string): Promise<Trial> {
  const library = LIBRARIES.find((path) => existsSync(path));
  if (library === undefined) throw new Error('libfaketime is not installed; run apt-get install faketime');
  const file = join(stand.folder, 'time');
  await writeFile(file, '+0');
  const preloading = { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' };
  const variables = { ...preloading, ...ONLY_TIME_OF_DAY };
  await using gate = await startGate(stand, preload === undefined ? { variables } : { variables, preload });
  const tally = new Tally();
  using traffic = new Traffic({ gate, tally, seed, rate: RATE });
  const faults: (string | undefined)[] = [];
  for (const step of STEPS) {
    await setClock(file, step.at());
    await delay(quick ? 500 : 5000);
    faults.push(...(await lookAt(gate, step)));
  }
  const { calls } = await traffic.stop();
  const numbers = `${STEPS.map(({ name }) => name).join(', ')} during ${calls} reviews at ${RATE}/s`;
  return trialOf(tally, numbers, [
    ...tally.faults([]),
    unless(gate.ending() === undefined, `the gate ended with ${gate.ending()}`),
    ...faults,
  ]);
}

/** The faults of the gate at that time. The gate must run, and its readiness must match the certificate. */
async function lookAt(gate: Gate, { name, at, holds }: Step): Promise<(string | undefined)[]> {
  const ready = await gate.look('/readyz');
  // Warnings of Node may be between the lines.
  const last = /.*("time":"([^"]+)")/s.exec(await gate.log())?.[2] ?? '';
  const awayMs = Math.abs(Date.parse(last) - (Date.now() + at() * 1000));
  return [
    unless(awayMs < HOUR_MS / 60, `${name}: the clock of the gate did not change: ${last}`),
    unless(ready.status === (holds ? 200 : 503), `${name}: readyz says ${ready.status}: ${ready.body}`),
    unless(holds || ready.body.includes('[-]certificate failed'), `${name}: readyz says ${ready.body}`),
    unless((await gate.look('/livez')).status === 200, `${name}: livez does not answer`),
  ];
}

async function setClock(file: string, seconds: number): Promise<void> {
  await writeFile(file, seconds >= 0 ? `+${seconds}` : String(seconds));
  // Some versions read the file again only if its modification time has changed.
  await utimes(file, new Date(), new Date());
}

function secondsTo(date: string): number {
  return Math.round((Date.parse(date) - Date.now()) / 1000);
}
