import { startControlPlane, type ControlPlane } from '../test/end-to-end/support/control-plane.ts';
import { measureRate } from '../test/end-to-end/support/load.ts';
import { openPodSender, type PodSender } from '../test/end-to-end/support/pod-creator.ts';
import { runOurselves } from '../test/end-to-end/support/wired-cluster.ts';
import { firstAnswer } from './connection.ts';
import { startLogging, type LogPipe, type ServerProgram } from './processes.ts';
import { goodPod, seenSamples } from './reviews.ts';
import { figure, median, renderTable } from './table.ts';

export interface ApiServerMeasurement {
  /** Each gets pods of its own; one of them is the gate. */
  readonly webhooks: readonly ServerProgram[];
  readonly pipe: LogPipe;
  /** PEM of the CA that their certificate comes from. */
  readonly authorityFile: string;
  /** For each row of the table. */
  readonly seconds: number;
}

/** Pods a second, or this share of what the API server does without a webhook when that is less. */
const RATE = 200;
const SHARE = 0.7;
const SLICE_MS = 1000;
const CONNECTIONS = 50;
const CALLERS = 8;

/** Pods of one row of the table: a webhook is asked about those with its label, so that all meet the same API server. */
interface Arm {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Latencies of a row, in milliseconds, second by second. */
type Slices = (readonly number[])[];

/**
 * Creates pods at a fixed rate, whether those before have been answered or not, in slices with and without a
 * webhook, in an order that is shuffled anew in every round. A third of the rounds warms up and is not counted.
 */
export async function measureApiServer(asked: ApiServerMeasurement): Promise<string> {
  const { GOGC } = process.env;
  const apiServer = GOGC === undefined ? {} : { environment: { GOGC } };
  await using resources = new AsyncDisposableStack();
  const controlPlane = resources.use(await startControlPlane({ environment: process.env, apiServer }));
  for (const webhook of asked.webhooks) {
    resources.use(startLogging(webhook, asked.pipe, { ownCore: false }));
    await firstAnswer(webhook.port, webhook.paths.ImageReview, seenSamples('ImageReview')(1).body);
  }
  await wire(controlPlane, asked);
  using sender = await openPodSender(controlPlane, { connections: CONNECTIONS, namespace: 'default' });
  const create = podCreator(sender);
  await measureRate(async () => create({}), CALLERS, SLICE_MS);
  const bareRate = await measureRate(async () => create({}), CALLERS, 3 * SLICE_MS);
  const rate = Math.min(RATE, bareRate * SHARE);
  const latencies = await measureArms(armsOf(asked.webhooks), create, rate, asked.seconds);
  const collector = GOGC === undefined ? '' : ` with GOGC=${GOGC}`;
  const heading = `Pods through kube-apiserver ${controlPlane.version}${collector}, ${figure(rate)} a second; without a webhook it makes ${figure(bareRate)}`;
  return `${heading}\n\n${renderLatencies(latencies)}`;
}

/** The bare row twice: how far the two are apart is how far any two rows may be apart by chance. */
function armsOf(webhooks: readonly ServerProgram[]): readonly Arm[] {
  return [
    { name: 'without a webhook', labels: {} },
    { name: 'without a webhook, again', labels: {} },
    ...webhooks.map(({ name }, index) => ({ name: `with ${name}`, labels: labelOf(index) })),
  ];
}

function labelOf(index: number): Readonly<Record<string, string>> {
  return { asks: String(index) };
}

async function measureArms(
  arms: readonly Arm[],
  create: Create,
  rate: number,
  seconds: number,
): Promise<ReadonlyMap<string, Slices>> {
  const latencies = new Map(arms.map(({ name }): [string, Slices] => [name, []]));
  const rounds = Math.max(3, Math.round((seconds * 1000) / SLICE_MS));
  const warmUp = Math.ceil(rounds / 3);
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const { name, labels } of arms.toSorted(() => Math.random() - 0.5)) {
      const measured = await runSlice(async () => create(labels), rate);
      if (round >= warmUp) latencies.get(name)?.push(measured);
    }
  }
  return latencies;
}

/** The wiring that `bootstrap webhook` makes, for each webhook one, for pods with its label. */
async function wire(
  { folder, kubeconfig, kubectl }: ControlPlane,
  { webhooks, authorityFile }: ApiServerMeasurement,
) {
  const tell = async (commandArguments: readonly string[], stdin?: string): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(commandArguments, stdin === undefined ? {} : { stdin });
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  const urls = webhooks.map(({ port }) => `https://localhost:${port}`);
  // What admits everything would not be wired.
  const ours = urls[webhooks.findIndex(({ judges }) => judges)];
  const { code, stdout, stderr } = await runOurselves(folder, [
    'bootstrap',
    'webhook',
    `--url=${ours}`,
    `--ca-cert=${authorityFile}`,
    `--kubeconfig=${kubeconfig}`,
    '--apply',
  ]);
  if (code !== 0) throw new Error(`bootstrap webhook: ${stdout}${stderr}`);
  const made = ['validatingwebhookconfiguration', 'kube-image-bouncer'];
  const configuration = JSON.parse(await tell(['get', ...made, '-o', 'json'])) as {
    readonly webhooks: readonly [WiredWebhook];
  };
  await tell(['delete', ...made]);
  const own = urls.map((url, index) => forPodsOf(index, url, configuration.webhooks[0]));
  const bench = { ...configuration, metadata: { name: 'bench' }, webhooks: own };
  await tell(['create', '--filename=-'], JSON.stringify(bench));
}

interface WiredWebhook {
  readonly clientConfig: { readonly url: string };
}

function forPodsOf(index: number, url: string, webhook: WiredWebhook): WiredWebhook {
  const { pathname } = new URL(webhook.clientConfig.url);
  const name = `asks-${index}.kube-image-bouncer.io`;
  const clientConfig = { ...webhook.clientConfig, url: `${url}${pathname}` };
  const objectSelector = { matchLabels: labelOf(index) };
  return Object.assign({ ...webhook }, { name, clientConfig, objectSelector });
}

type Create = (labels: Readonly<Record<string, string>>) => Promise<undefined>;

function podCreator(sender: PodSender): Create {
  let created = 0;
  return async (labels) => {
    created += 1;
    const { status, message } = await sender.send(goodPod(`pod-${created}`, labels));
    if (status !== 201) throw new Error(`the API server answered ${status}: ${message}`);
    return undefined;
  };
}

/** Latencies of the calls of one slice, in milliseconds from the moment at which each was due to be sent. */
async function runSlice(call: () => Promise<undefined>, rate: number): Promise<readonly number[]> {
  const started = performance.now();
  const waiting: Promise<number>[] = [];
  const time = async (): Promise<number> => {
    const sent = performance.now();
    await call();
    return performance.now() - sent;
  };
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setInterval(() => {
    const elapsed = Math.min(performance.now() - started, SLICE_MS);
    while (waiting.length < (elapsed * rate) / 1000) waiting.push(time());
    if (elapsed === SLICE_MS) resolve(undefined);
  }, 1);
  await promise;
  clearInterval(timer);
  return Promise.all(waiting);
}

/**
 * Beside the quantiles of all pods, the median of the 99th percentiles of all seconds: the collector of the API server
 * alone makes a second in ten a slow one.
 */
function renderLatencies(latencies: ReadonlyMap<string, Slices>): string {
  const rows = [...latencies].map(([name, slices]) => ({
    name,
    pods: slices.flat().length,
    values: [
      quantile(slices.flat(), 0.5),
      quantile(slices.flat(), 0.99),
      median(slices.map((slice) => quantile(slice, 0.99))),
    ],
  }));
  const [bare] = rows;
  return renderTable(
    ['', 'p50 ms', 'added', 'p99 ms', 'added', 'p99 ms of the median second', 'added', 'pods'],
    rows.map(({ name, values, pods }) => {
      const added = (index: number): string =>
        ((values[index] ?? Number.NaN) - (bare?.values[index] ?? Number.NaN)).toFixed(2);
      return [name, values.map((value, index) => [figure(value), added(index)]), String(pods)].flat(2);
    }),
  );
}

function quantile(latencies: readonly number[], share: number): number {
  return latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * share)] ?? Number.NaN;
}
