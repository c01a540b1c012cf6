import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NAMESPACE } from '../support/pods.ts';
import { startGate, type Gate } from './gate.ts';
import { GoClient } from './go-client.ts';
import { HeavyTraffic } from './heavy-traffic.ts';
import { labelledReviews, type LabelledReview } from './labelled-reviews.ts';
import { unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';

/** Clients that send reviews with 500 new images without a pause. */
const LANES = 60;
const TIMEOUT_MS = 10_000;
/** Reviews a second, each on a new connection. */
const RATE = 10;
const PROMPT_MS = 2000;
const SHARE = 0.95;

/** One review with 500 images takes about a millisecond, and a fifth of a second. */
type Weight = 'teams' | 'expressions';

export const manyImages: Scenario = {
  id: 'H3',
  title: '60 clients that send 500 new images a review, under large policies',
  goal: '95 of 100 small reviews on new connections right within 2 s, the others OVERLOADED within 2 s, late answers counted',
  run: async (chaos) => {
    const trials = [await crowd(chaos, 'teams'), await crowd(chaos, 'expressions')];
    return {
      numbers: trials.map(({ numbers }) => numbers).join('; '),
      faults: trials.flatMap(({ faults }) => faults),
      failOpen: trials.reduce((sum, { failOpen }) => sum + failOpen, 0),
    };
  },
  control: {
    title: 'a review is large by its bytes only, and no wait is too long',
    run: (chaos) => crowd(chaos, 'expressions', { largeImages: 2 ** 31, queueMs: 30_000, sliceMs: 10_000 }),
  },
};

async function crowd({ stand, seed, quick }: Chaos, weight: Weight, limits?: object): Promise<Trial> {
  const policyFile = join(stand.folder, `policy-${weight}.json`);
  await writeFile(policyFile, JSON.stringify(policyOf(weight)));
  const program = join(import.meta.dirname, 'limited-gate.ts');
  const policy = `--policy=${policyFile}`;
  await using gate = await (limits === undefined
    ? startGate(stand, { args: [policy] })
    : startGate({ ...stand, program }, { args: [policy, `--limits=${JSON.stringify(limits)}`] }));
  await using heavy = new HeavyTraffic({
    gate,
    seed,
    lanes: LANES,
    timeoutMs: TIMEOUT_MS,
    weights: ['images'],
    secretly: false,
  });
  await delay(2000);
  const { tally, prompt, sent } = await askOnNewConnections(gate, seed, quick ? 80 : 300);
  const large = await heavy.stop();
  const counted = await gate.metric('late_answers_total');
  const late = tally.count('late') + large.late;
  const numbers = [
    `${weight}: ${prompt.right} of ${sent} small reviews right within 2 s, ${prompt.refused} OVERLOADED`,
    `p50 ${tally.latency('inside', 0.5).toFixed(0)} ms, p99 ${tally.latency('inside', 0.99).toFixed(0)} ms`,
    `late ${late}, counted ${counted}; large ${large.text}`,
  ].join(', ');
  return {
    numbers,
    faults: [
      ...tally.faults([]),
      ...large.faults,
      unless(prompt.right >= SHARE * sent, `${prompt.right} of ${sent} small reviews were right within 2 s`),
      unless(
        prompt.right + prompt.refused === sent,
        `${sent - prompt.right - prompt.refused} small reviews had no prompt answer`,
      ),
      unless(counted >= late, `${late} answers were late, ${counted} are counted`),
    ].filter((fault) => fault !== undefined),
    failOpen: tally.count('failOpen') + large.failOpen,
  };
}

interface Asked {
  readonly tally: Tally;
  /** Answers within 2 s. */
  readonly prompt: { readonly right: number; readonly refused: number };
  readonly sent: number;
}

/** Sends small reviews at a fixed rate. Each opens a connection of its own, as a new API server would. */
async function askOnNewConnections(gate: Gate, seed: number, count: number): Promise<Asked> {
  const tally = new Tally();
  tally.faulty = true;
  const reviews = labelledReviews(seed, count);
  const prompt = { right: 0, refused: 0 };
  const ask = async (review: LabelledReview): Promise<void> => {
    using client = new GoClient(gate);
    const own = new Tally();
    own.faulty = true;
    const startedMs = performance.now();
    await own.ask({ client, review, timeoutMs: TIMEOUT_MS });
    const isPrompt = performance.now() - startedMs <= PROMPT_MS;
    if (isPrompt && own.count('right') === 1) prompt.right += 1;
    if (isPrompt && own.count('OVERLOADED') === 1) prompt.refused += 1;
    tally.add(own);
  };
  const asked: Promise<void>[] = [];
  for (const review of reviews) {
    asked.push(ask(review));
    await delay(1000 / RATE);
  }
  await Promise.all(asked);
  return { tally, prompt, sent: asked.length };
}

/** No image may have the tag `latest`, as in the oracle. The other rules refuse nothing, and make a review expensive. */
function policyOf(weight: Weight): object {
  const teams = Array.from({ length: 300 }, (_, team) => ({
    name: `team-${team}`,
    match: { namespaces: [`team-${team}`] },
    allowedImages: {
      images: [
        `registry.example.com/team-${team}/**`,
        `ghcr.io/acme/t${team}-*`,
        'docker.io/library/*',
        'quay.io/acme/**',
        `*.example.org/t${team}/**`,
      ],
    },
  }));
  const expressions = Array.from({ length: 200 }, (_, index) => ({
    name: `no-snapshots-${index}`,
    match: { namespaces: [NAMESPACE] },
    disallowedTags: { pattern: `[a-z0-9.]+-snapshot-${index}` },
  }));
  return {
    apiVersion: 'kube-image-bouncer.io/v1alpha1',
    kind: 'ImageAdmissionPolicy',
    metadata: { name: weight },
    spec: {
      unmatchedImages: 'Allow',
      rules: [
        { name: 'no-latest', disallowedTags: { tags: ['latest'] } },
        ...teams,
        ...(weight === 'expressions' ? expressions : []),
      ],
    },
  };
}
