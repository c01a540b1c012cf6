import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../end-to-end/support/eventually.ts';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { pod } from '../support/pods.ts';
import { startGate, type Gate } from './gate.ts';
import { GoClient } from './go-client.ts';
import { admissionReviewFor } from './labelled-reviews.ts';
import { trialOf, unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

const GOOD = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: last-good}
spec:
  unmatchedImages: Allow
  rules:
  - name: no-latest
    disallowedTags: {tags: [latest]}
`;
const DENY_ALL = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: deny-all}
spec:
  unmatchedImages: Deny
  rules:
  - name: nothing
    allowedImages: {images: [nothing.invalid/**]}
`;
const TOO_MANY_BYTES = 50 * 1024 * 1024;
const RATE = 100;
/** A watch reports a change immediately. The poll after a missed event comes after five seconds. */
const NOTICED_MS = 8000;
/** Limit for the time until a policy that refuses everything is active. Half a second of it is the wait for the second look. */
const ACTIVE_MS = 2000;
const NOT_LOADED = 'policy not loaded; the last good one stays active';
/** More memory than a gate uses under this load anyway. */
const GROWTH_MEBIBYTES = 48;

/** Ways in which a policy file can break. Each puts something other than a valid file at the path. */
const FAULTS: Readonly<Record<string, (file: string) => Promise<void>>> = {
  'invalid YAML': (file) => writeFile(file, 'apiVersion: [unclosed'),
  'unknown field': (file) => writeFile(file, GOOD.replace('rules:', 'exceptForFriday: true\n  rules:')),
  empty: (file) => writeFile(file, ''),
  deleted: (file) => rm(file),
  // Root can read a file without permissions, but a folder cannot be read as a file.
  unreadable: async (file) => {
    await rm(file);
    await mkdir(file);
  },
  '50 MiB': (file) => writeFile(file, GOOD + '#'.repeat(TOO_MANY_BYTES)),
  // Like a file that grows while it is read, at each attempt.
  endless: async (file) => {
    await rm(file);
    await symlink('/dev/zero', file);
  },
};

export const policyFaults: Scenario = {
  id: 'R12',
  title: 'a policy that breaks while it is active',
  goal: 'last good kept, metric and log; deny-all active within 1 s',
  run: (chaos) => breakPolicy(chaos),
  control: {
    title: 'no watch, and a restart in place of a reload',
    run: breakWithoutProtection,
  },
};

async function breakPolicy(chaos: Chaos): Promise<Trial> {
  await using folder = await makeTemporaryFolder('chaos-policy');
  const file = join(folder.path, 'policy.yaml');
  await writeFile(file, GOOD);
  await using gate = await startGate(chaos.stand, { args: [`--policy=${file}`] });
  const tally = new Tally();
  using traffic = new Traffic({ gate, tally, seed: chaos.seed, rate: RATE });
  const faults: (string | undefined)[] = [];
  const before = gate.peakMebibytes();
  for (const [name, spoil] of Object.entries(FAULTS))
    faults.push(...(await spoilOnce(gate, file, name, spoil)));
  const grown = gate.peakMebibytes() - before;
  faults.push(unless(grown < GROWTH_MEBIBYTES, `memory grew by ${grown.toFixed(0)} MiB`));
  const writes = await flap(file, chaos.quick ? 2000 : 10_000);
  await replace(file, GOOD);
  await eventually('the last good policy is loaded', async () =>
    (await gate.metric('policy_last_reload_success')) === 1 ? true : undefined,
  );
  await traffic.stop();
  const tookMs = await timeDenyAll(gate, file);
  faults.push(unless(tookMs <= ACTIVE_MS, `deny-all was active after ${tookMs.toFixed(0)} ms`));
  const numbers = `${Object.keys(FAULTS).join(', ')}, ${writes} writes at up to 100/s, deny-all active after ${tookMs.toFixed(0)} ms, memory +${grown.toFixed(0)} MiB`;
  return trialOf(tally, numbers, [...tally.faults([]), ...faults]);
}

/** Breaks the file, waits until the metric shows it, checks that nothing else has changed, and repairs the file. */
async function spoilOnce(
  gate: Gate,
  file: string,
  name: string,
  spoil: (file: string) => Promise<void>,
): Promise<(string | undefined)[]> {
  const failures = await gate.metric('policy_reload_total');
  const lines = (await gate.log()).split(NOT_LOADED).length;
  await spoil(file);
  await eventually(
    `the metric shows: ${name}`,
    async () => ((await gate.metric('policy_last_reload_success')) === 0 ? true : undefined),
    { timeoutMs: NOTICED_MS },
  );
  const { status, body } = await gate.look('/readyz');
  const logged = (await gate.log()).split(NOT_LOADED).length > lines;
  const info = (await gate.look('/metrics')).body.includes('policy_info{name="last-good"');
  const counted = (await gate.metric('policy_reload_total')) > failures;
  await rm(file, { recursive: true, force: true });
  await replace(file, GOOD);
  await eventually(
    `the metric shows the repair of: ${name}`,
    async () => ((await gate.metric('policy_last_reload_success')) === 1 ? true : undefined),
    { timeoutMs: NOTICED_MS },
  );
  return [
    unless(
      status === 200 && body.includes('the last good policy stays active'),
      `${name}: readyz ${status} ${body}`,
    ),
    unless(logged, `${name}: the log has no line about it`),
    unless(info && counted, `${name}: the metrics do not show it`),
  ];
}

/** Alternates good and broken files, up to a hundred times per second. Half of the changes interrupt a write. */
async function flap(file: string, milliseconds: number): Promise<number> {
  const startMs = performance.now();
  let writes = 0;
  while (performance.now() - startMs < milliseconds) {
    if (writes % 4 < 2) await writeFile(file, writes % 2 === 0 ? GOOD.slice(0, -20) : GOOD);
    else await replace(file, writes % 2 === 0 ? `${GOOD}# ${writes}\n` : 'kind: [');
    writes += 1;
    await delay(10);
  }
  return writes;
}

/** Replaces the file by a rename, as editors and the kubelet do. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.next`, text);
  await rename(`${file}.next`, file);
}

/**
 * Milliseconds from a policy that refuses everything to the first refusal of a good review. The refusals must
 * continue.
 */
async function timeDenyAll(gate: Gate, file: string): Promise<number> {
  using client = new GoClient(gate);
  const good = admissionReviewFor('good', pod());
  const isRefused = async (): Promise<boolean> =>
    (await client.post(good.path, good.body, 5000)).body.includes('"allowed":false');
  await replace(file, DENY_ALL);
  const startMs = performance.now();
  while (!(await isRefused())) {
    if (performance.now() - startMs > NOTICED_MS) return Number.POSITIVE_INFINITY;
    await delay(5);
  }
  return performance.now() - startMs;
}

const NO_WATCH = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
fs.watch = () => ({ on() {}, close() {} });
syncBuiltinESMExports();
`;

/** Behaves like a gate without a watch and without a last good policy. */
async function breakWithoutProtection(chaos: Chaos): Promise<Trial> {
  await using folder = await makeTemporaryFolder('chaos-policy');
  const file = join(folder.path, 'policy.yaml');
  await writeFile(file, GOOD);
  const args = [`--policy=${file}`, '--drain=0'];
  await using gate = await startGate(chaos.stand, { args, preload: NO_WATCH });
  // Long enough for the first poll without a watch to end, so that the next poll is five seconds away.
  const tookMs = await timeDenyAll(gate, file);
  const tally = new Tally();
  using traffic = new Traffic({ gate, tally, seed: chaos.seed, rate: RATE });
  await FAULTS['unknown field']?.(file);
  gate.signal('SIGTERM');
  await gate.exited;
  const again = await startGate(chaos.stand, { args, ports: gate }).catch(() => undefined);
  await again?.[Symbol.asyncDispose]();
  await traffic.stop();
  return trialOf(tally, `deny-all active after ${tookMs.toFixed(0)} ms`, [
    ...tally.faults([]).filter((fault) => fault.startsWith('noAnswer')),
    unless(tookMs <= ACTIVE_MS, `deny-all was active after ${tookMs.toFixed(0)} ms`),
  ]);
}
