import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../end-to-end/support/eventually.ts';
import { createRandom, type Random } from '../fuzz/random.ts';
import type { Case } from './case.ts';
import { Census } from './census.ts';
import { drawCase, POLICIES } from './generator.ts';
import type { OraclePolicy } from './policy.ts';
import { reconcileGate } from './reconciliation.ts';
import type { OracleRun } from './report.ts';
import { renderSamples, rssSlope, settled, takeSample, type Sample } from './resources.ts';
import { callInParallel, judgeOverTls } from './server-run.ts';
import { Stalls } from './stalls.ts';
import { startTlsGate, type TlsGate } from './tls-gate.ts';

interface SoakOptions {
  readonly seed: number;
  readonly minutes: number;
  /** The arguments of the process. */
  readonly nodeFlags: readonly string[];
}

/** The result. `grows` is true if the memory keeps growing. */
interface Soak {
  readonly run: OracleRun;
  readonly grows: boolean;
}

/** How long one policy is active. Its text changes meanwhile. Between two policies no review is sent. */
const PHASE_MS = 20_000;
/** Time between two samples. After each sample the policy text changes, and after every third one the certificate. */
const SAMPLE_MS = 2000;
const SLOPE_MIB = 1;
/** With fewer reviews a slope has no meaning. */
const SLOPE_REVIEWS = 200_000;

/**
 * Runs a gate under load while its policy and its certificate change. Collects the oracle's counts and the resources
 * of the process.
 */
export async function soak({ seed, minutes, nodeFlags }: SoakOptions): Promise<Soak> {
  const [first] = POLICIES;
  if (first === undefined) throw new Error('there is no policy');
  await using gate = await startTlsGate(first, nodeFlags);
  const state: State = {
    gate,
    census: new Census(),
    samples: [],
    random: createRandom(seed),
    next: POLICIES.map((_, index) => index),
    stalls: new Stalls(performance.now()),
    swaps: 0,
    words: 0,
  };
  const startedMs = performance.now();
  const endMs = startedMs + minutes * 60_000;
  for (let phase = 0; performance.now() < endMs; phase += 1) {
    await runPhase(state, seed, phase % POLICIES.length, Math.min(endMs, performance.now() + PHASE_MS));
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const discrepancies = await reconcileGate(gate, state.census.records);
  const metrics = await gate.scrape();
  const [loaded, kept] = ['success', 'failure'].map(
    (result) => metrics.value(`policy_reload_total{result="${result}"}`) ?? 0,
  );
  const changes = `policies loaded ${loaded}, broken policies ignored ${kept}, certificates replaced ${state.swaps}`;
  await gate.stop();
  const notes = [changes, String(state.stalls), ...renderSamples(state.samples)];
  const run = {
    target: 'soak',
    repeatAs: 'server',
    seed,
    census: state.census,
    seconds,
    discrepancies,
    parties: ['client', 'log', 'metrics'],
    notes,
  };
  return { run, grows: state.census.cases >= SLOPE_REVIEWS && rssSlope(settled(state.samples)) > SLOPE_MIB };
}

interface State {
  readonly gate: TlsGate;
  readonly census: Census;
  readonly samples: Sample[];
  readonly random: Random;
  /** The next case of each policy. */
  readonly next: number[];
  readonly stalls: Stalls;
  swaps: number;
  words: number;
}

async function runPhase(state: State, seed: number, number: number, endMs: number): Promise<void> {
  const { gate, census, next } = state;
  const policy = POLICIES[number];
  if (policy === undefined) return;
  await judgeBy(gate, policy);
  state.stalls.resume(performance.now());
  const draw = (): Case | undefined => {
    if (performance.now() >= endMs) return undefined;
    const index = next[number] ?? 0;
    next[number] = index + POLICIES.length;
    return drawCase(seed, index);
  };
  const called = callInParallel(gate, draw, (testCase, reply) =>
    census.add(testCase, reply, judgeOverTls(testCase, reply, state.stalls)),
  );
  await Promise.all([called, keepChanging(state, policy, endMs)]);
}

async function keepChanging(state: State, policy: OraclePolicy, endMs: number): Promise<void> {
  while (performance.now() + SAMPLE_MS < endMs) {
    await delay(SAMPLE_MS);
    await change(state, policy);
  }
}

async function judgeBy(gate: TlsGate, { name, document }: OraclePolicy): Promise<void> {
  await gate.writePolicy(JSON.stringify(document));
  await eventually(`the gate uses the policy ${name}`, async () => {
    const { names } = await gate.scrape();
    return names.some((each) => each.startsWith(`policy_info{name="${name}"`)) || undefined;
  });
}

/**
 * Writes another text with the same meaning, sometimes a broken policy, which must change nothing; replaces keys;
 * takes a sample.
 */
async function change(state: State, { document }: OraclePolicy): Promise<void> {
  const { gate, census, samples, random } = state;
  state.words += 1;
  const { metadata } = document as { readonly metadata: object };
  const words = JSON.stringify({
    ...document,
    metadata: { ...metadata, labels: { words: `w-${state.words}` } },
  });
  await gate.writePolicy(random.chance(0.2) ? words.slice(0, random.below(words.length)) : words);
  if (state.words % 3 === 0) {
    await gate.swapCertificate();
    state.swaps += 1;
  }
  samples.push(await takeSample(gate, census.cases));
}
