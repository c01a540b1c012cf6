import { performance } from 'node:perf_hooks';
import { createRandom } from '../../fuzz/random.ts';
import type { ControlPlane } from './control-plane.ts';
import { Load } from './load.ts';
import { openPodSender } from './pod-creator.ts';
import { assertAdmitted } from './stage.ts';

/** A time in which no gate can answer, in milliseconds of `performance.now()`. */
export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The result of a traffic of good and bad pods, compared with the pods that the API server stored. */
interface TrafficReport {
  readonly good: number;
  readonly bad: number;
  readonly created: number;
  readonly refused: number;
  /** Bad pods that exist, or whose creation was confirmed. */
  readonly failOpen: readonly string[];
  /** Good pods that were refused while the gate could answer in time, with the reason. */
  readonly wrongDeny: readonly string[];
  /** Good pods that the API server refused during an outage, because the gate did not answer. */
  readonly unanswered: number;
  /**
   * Pods that the gate refused with `OVERLOADED`: it had just started, or the machine was busy with other processes.
   */
  readonly overloaded: number;
  /**
   * Refusals with another text than the gate's denial of a bad pod, or than the API server's error during an outage.
   */
  readonly otherWords: readonly string[];
  /** Requests that the API server did not answer. */
  readonly noAnswer: readonly string[];
  /** Pods whose creation was confirmed and that do not exist, or that exist without a confirmation. */
  readonly unreconciled: readonly string[];
  /** Pods that were due but not sent. */
  readonly shed: number;
  readonly seconds: number;
}

interface TrafficOptions {
  readonly controlPlane: ControlPlane;
  readonly namespace: string;
  /** Pods a second. */
  readonly rate: number;
  readonly seed: number;
}

interface Sent {
  readonly name: string;
  readonly good: boolean;
  readonly fromMs: number;
  readonly toMs: number;
  /** 0 if there was no answer. */
  readonly status: number;
  readonly message: string;
}

const CONNECTIONS = 50;
const MAX_INFLIGHT = 500;
/**
 * The gate refuses a review without parsing it if it has waited for half a second. If a caller waits this long, the
 * machine is busy with other processes.
 */
const STARVED_MS = 400;
const BAD_SHARE = 0.4;
const unanswered = /^Internal error occurred: failed calling webhook "images\.kube-image-bouncer\.io": /;

const overloaded = / denied the request: OVERLOADED: /;

const goodSpecs: readonly [object, ...object[]] = [
  { containers: [{ name: 'web', image: 'nginx:1.27.3' }] },
  {
    initContainers: [{ name: 'setup', image: 'registry.example.com:5000/team/setup:v1' }],
    containers: [{ name: 'web', image: `ghcr.io/acme/web@sha256:${'a'.repeat(64)}` }],
  },
];
const web = { name: 'web', image: 'nginx:1.27.3' };
const badSpecs: readonly [object, ...object[]] = [
  { containers: [{ name: 'web', image: 'nginx' }] },
  { containers: [web, { name: 'second', image: 'ghcr.io/acme/web:latest' }] },
  { initContainers: [{ name: 'setup', image: 'busybox:latest' }], containers: [web] },
  { containers: [{ name: 'web', image: 'Nginx:1' }] },
];

/**
 * Creates good and bad pods at a fixed rate while `change` runs, then reads all pods back. Only the list in this
 * process records which pods are bad.
 */
export async function runPodTraffic(
  options: TrafficOptions,
  change: () => Promise<readonly Outage[]>,
): Promise<TrafficReport> {
  const { controlPlane, namespace, rate, seed } = options;
  assertAdmitted(await controlPlane.kubectl(['create', 'namespace', namespace]));
  using sender = await openPodSender(controlPlane, { connections: CONNECTIONS, namespace });
  const random = createRandom(seed);
  const sent: Sent[] = [];
  const call = async (number: number): Promise<undefined> => {
    const good = !random.chance(BAD_SHARE);
    const name = `pod-${number}`;
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: random.pick(good ? goodSpecs : badSpecs),
    };
    const fromMs = performance.now();
    const { status, message } = await sender
      .send(pod)
      .catch((error: unknown) => ({ status: 0, message: String(error) }));
    sent.push({ name, good, fromMs, toMs: performance.now(), status, message });
    return undefined;
  };
  const load = new Load({ call, rate, maxInflight: MAX_INFLIGHT });
  const outages = await change();
  const { shed, seconds } = await load.stop();
  const stored = await controlPlane.kubectl(['get', 'pods', `--namespace=${namespace}`, '-o=name']);
  assertAdmitted(stored);
  const names = new Set(stored.stdout.split('\n').map((line) => line.replace('pod/', '')));
  return { ...tally(sent, names, outages), shed, seconds };
}

function tally(
  sent: readonly Sent[],
  stored: ReadonlySet<string>,
  outages: readonly Outage[],
): Omit<TrafficReport, 'shed' | 'seconds'> {
  const isOut = ({ fromMs, toMs }: Sent): boolean =>
    outages.some((outage) => fromMs < outage.toMs && toMs > outage.fromMs);
  const lineOf = ({ name, status, message }: Sent): string => `${name}: ${status} ${message}`;
  const isCreated = ({ status }: Sent): boolean => status === 201;
  const refused = sent.filter(({ status }) => status !== 201 && status !== 0);
  const isOverloaded = (one: Sent): boolean =>
    overloaded.test(one.message) && (isOut(one) || one.toMs - one.fromMs >= STARVED_MS);
  const deniedGood = refused.filter((one) => one.good && !isOverloaded(one));
  return {
    good: sent.filter(({ good }) => good).length,
    bad: sent.filter(({ good }) => !good).length,
    created: sent.filter(isCreated).length,
    refused: refused.length,
    failOpen: sent.filter((one) => !one.good && (stored.has(one.name) || isCreated(one))).map(lineOf),
    wrongDeny: deniedGood.filter((one) => !isOut(one)).map(lineOf),
    unanswered: deniedGood.filter((one) => isOut(one) && unanswered.test(one.message)).length,
    overloaded: refused.filter(isOverloaded).length,
    otherWords: refused.filter((one) => !isOverloaded(one) && !hasRightWords(one, isOut(one))).map(lineOf),
    noAnswer: sent.filter(({ status }) => status === 0).map(lineOf),
    unreconciled: sent
      .filter((one) => one.status !== 0 && isCreated(one) !== stored.has(one.name))
      .map(lineOf),
  };
}

/** A good pod that was refused while the gate could answer is already counted. */
function hasRightWords({ good, message }: Sent, isOut: boolean): boolean {
  if (isOut && unanswered.test(message)) return true;
  return good ? !isOut : message.includes('denied the request: ');
}

/** One line for the log of a test. */
export function renderTraffic(report: TrafficReport, seed: number): string {
  const { good, bad, created, refused, shed, seconds } = report;
  const counts = Object.entries({
    failOpen: report.failOpen.length,
    wrongDeny: report.wrongDeny.length,
    unanswered: report.unanswered,
    overloaded: report.overloaded,
    otherWords: report.otherWords.length,
    noAnswer: report.noAnswer.length,
    unreconciled: report.unreconciled.length,
  }).map(([name, count]) => `${name} ${count}`);
  const total = `${good} good and ${bad} bad pods in ${seconds.toFixed(1)} s`;
  return `${total}: ${created} created, ${refused} refused, ${shed} not sent; ${counts.join(', ')}; SEED=${seed}`;
}
