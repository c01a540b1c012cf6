import { createRandom, seedOfCase } from '../fuzz/random.ts';
import type { KubernetesVersion } from '../control-plane/binaries.ts';
import { startApiServerCluster, type ApiAnswer, type ApiServerCluster } from './api-server-cluster.ts';
import type { Case } from './case.ts';
import { Census } from './census.ts';
import type { CaseRange } from './core-run.ts';
import type { ClusterFeatures, Sequence, Step } from './sequence.ts';
import { drawSequence } from './sequences.ts';
import { POLICIES } from './generator.ts';
import type { Judgement } from './judge.ts';
import type { Fields } from './objects.ts';
import type { OraclePolicy } from './policy.ts';
import { countsSoFar, reconcileGate } from './reconciliation.ts';
import type { Discrepancy, OracleRun } from './report.ts';

interface Wiring {
  readonly version: KubernetesVersion;
  readonly reviewVersion: 'v1' | 'v1beta1';
  readonly features: ClusterFeatures;
}

/** The oldest and the newest version. Each sends another version of reviews. */
const WIRINGS: readonly Wiring[] = [
  { version: 'v1.24', reviewVersion: 'v1beta1', features: { imageVolumes: false } },
  { version: 'v1.37', reviewVersion: 'v1', features: { imageVolumes: true } },
];

/** Concurrent sequences. */
const CALLERS = 12;

/**
 * Sends cases to real API servers in front of the gate: even cases to the oldest Kubernetes, odd cases to the newest.
 */
export async function runApiServer(range: CaseRange): Promise<OracleRun> {
  const { seed, from, cases } = range;
  const census = new Census();
  const discrepancies: Discrepancy[] = [];
  const notes: string[] = [];
  const startedMs = performance.now();
  for (const [parity, wiring] of WIRINGS.entries()) {
    const indices = Array.from({ length: cases }, (_, offset) => from + offset).filter(
      (index) => index % 2 === parity,
    );
    if (indices.length === 0) continue;
    await using cluster = await startApiServerCluster(wiring.version, wiring.reviewVersion);
    discrepancies.push(...(await runOn(cluster, wiring, seed, indices, census)));
    notes.push(`${cluster.version}, ${wiring.reviewVersion}: ${indices.length} cases`);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    target: 'api-server',
    seed,
    census,
    seconds,
    discrepancies,
    parties: ['client', 'log', 'metrics'],
    notes,
  };
}

async function runOn(
  cluster: ApiServerCluster,
  wiring: Wiring,
  seed: number,
  indices: readonly number[],
  census: Census,
): Promise<Discrepancy[]> {
  const { gate } = cluster;
  const part = new Census();
  const before = await countsSoFar(gate);
  for (const [number, policy] of POLICIES.entries()) {
    const own = indices.filter((index) => Math.floor(index / 2) % POLICIES.length === number);
    if (own.length === 0) continue;
    await cluster.judgeBy(policy);
    const run = async (): Promise<void> => {
      for (let index = own.pop(); index !== undefined; index = own.pop()) {
        const sequence = drawSequence(createRandom(seedOfCase(seed, index)), policy, index, wiring.features);
        for (const [testCase, judgement, answer] of await carryOut(cluster, sequence, index, policy)) {
          for (const counts of [census, part]) counts.add(testCase, answer, judgement);
        }
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, run));
  }
  const differences = await reconcileGate(gate, part.records, before);
  return differences.map(({ key, counts }) => ({ key: `${cluster.version}: ${key}`, counts }));
}

type Judged = readonly [testCase: Case, judgement: Judgement, answer: ApiAnswer];

/** Runs the steps one after the other. A step that the gate reviews is judged. */
async function carryOut(
  cluster: ApiServerCluster,
  sequence: Sequence,
  index: number,
  policy: OraclePolicy,
): Promise<Judged[]> {
  const judged: Judged[] = [];
  let object: Fields = {};
  for (const step of sequence.steps) {
    const body = step.body(object);
    const answer = await cluster.ask(step, sequence.namespace, body).catch(unanswered);
    const testCase = caseOf(sequence, step, body, { index, policy });
    const judgement = judgeApiAnswer(step, answer);
    if (step.reviewed || judgement.fault !== undefined) judged.push([testCase, judgement, answer]);
    if (answer.status === 0 || answer.status >= 300) break;
    object = JSON.parse(answer.body) as Fields;
  }
  return judged;
}

function unanswered(error: unknown): ApiAnswer {
  return { status: 0, body: String(error), warned: false, elapsedMs: 0 };
}

function caseOf(
  sequence: Sequence,
  step: Step,
  body: Fields | undefined,
  drawn: Pick<Case, 'index' | 'policy'>,
): Case {
  const { family, namespace, kind } = sequence;
  return {
    ...drawn,
    family,
    truth: step.truth,
    expected: step.truth === 'good' ? 'admit' : 'refuse',
    recorded: 'decision',
    warns: step.warns ? true : undefined,
    protocol: 'AdmissionReview',
    apiVersion: '',
    uid: undefined,
    stage: 'deny',
    target: `${step.method} ${namespace}/${step.path} as ${step.person.username}`,
    timeoutMs: 34_000,
    body: Buffer.from(JSON.stringify(body ?? null)),
    facets: [`kind ${kind}`, `policy ${drawn.policy.name}`, step.method],
  };
}

const DENIED =
  /admission webhook \\"images\.kube-image-bouncer\.io\\" denied the request: (OVERLOADED|DEADLINE|INTERNAL|NO_POLICY)?/;

/** If a caller waits this long, the machine is busy with other processes. */
const STARVED_MS = 400;

/** Checks the API server's answer. Any answer other than its object or the gate's refusal is a fault. */
function judgeApiAnswer({ truth, warns }: Step, { status, body, warned, elapsedMs }: ApiAnswer): Judgement {
  if (status === 200 || status === 201) {
    if (truth === 'bad') return { outcome: 'admitted', fault: 'failOpen' };
    return warns && !warned
      ? { outcome: 'admitted', fault: 'badShape', detail: 'the sender is not warned' }
      : { outcome: 'admitted' };
  }
  if (status === 0) return { outcome: 'unanswered', fault: 'noAnswer', detail: body };
  const [denied, failure] = DENIED.exec(body) ?? [];
  if (status !== 403 || denied === undefined)
    return { outcome: 'unanswered', fault: 'badShape', detail: `the API server answers ${status}` };
  if (failure !== undefined && elapsedMs >= STARVED_MS) return { outcome: 'failed' };
  if (truth === 'good') return { outcome: 'refused', fault: 'wrongDeny' };
  return failure === undefined
    ? { outcome: 'refused' }
    : { outcome: 'failed', fault: 'badShape', detail: failure };
}
