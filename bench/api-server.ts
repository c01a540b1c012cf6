import { startControlPlane, type ControlPlane } from '../test/end-to-end/support/control-plane.ts';
import { measureRate } from '../test/end-to-end/support/load.ts';
import { openPodSender, type PodSender } from '../test/end-to-end/support/pod-creator.ts';
import { runOurselves } from '../test/end-to-end/support/wired-cluster.ts';
import { firstAnswer } from './connection.ts';
import { startLogging, type LogPipe, type ServerProgram } from './processes.ts';
import { goodPod, seenSamples } from './reviews.ts';
import { figure, median, renderTable } from './table.ts';

interface ApiServerMeasurement {
  /** Each gets its own pods. One of them is the gate. */
  readonly webhooks: readonly ServerProgram[];
  readonly pipe: LogPipe;
  /** PEM file of the CA of their certificate. */
  readonly authorityFile: string;
  /** Duration for each row of the table. */
  readonly seconds: number;
}

/** Pods per second, or this share of the rate without a webhook if that is less. */
const RATE = 200;
const SHARE = 0.7;
const SLICE_MS = 1000;
const CONNECTIONS = 50;
const CALLERS = 8;

/** Pods of one row of the table. Each webhook gets the pods with its label, so that all rows use the same API server. */
interface Arm {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Latencies of a row, in milliseconds, for each second. */
type Slices = (readonly number[])[];

/**
 * Creates pods at a fixed rate, without waiting for earlier answers, in slices with and without a webhook, in a new random
 * order in each round. A third as many rounds run before as a warm-up and are not counted.
 */
export async function measureApiServer(measurement: ApiServerMeasurement): Promise<string> {
  const { GOGC } = process.env;
  const apiServer = GOGC === undefined ? {} : { environment: { GOGC } };
  await using resources = new AsyncDisposableStack();
  const controlPlane = resources.use(await startControlPlane({ environment: process.env, apiServer }));
  for (const webhook of measurement.webhooks) {
    resources.use(startLogging(webhook, measurement.pipe, { ownCore: false }));
    await firstAnswer(webhook.port, webhook.paths.ImageReview, seenSamples('ImageReview')(1).body);
  }
  await wire(controlPlane, measurement);
  using sender = await openPodSender(controlPlane, { connections: CONNECTIONS, namespace: 'default' });
  const create = podCreator(sender);
  await measureRate(async () => create({}), CALLERS, SLICE_MS);
  const bareRate = await measureRate(async () => create({}), CALLERS, 3 * SLICE_MS);
  const rate = Math.min(RATE, bareRate * SHARE);
  const latencies = await measureArms(armsOf(measurement.webhooks), create, rate, measurement.seconds);
  const collector = GOGC === undefined ? '' : ` with GOGC=${GOGC}`;
  const heading = `Pods through kube-apiserver ${controlPlane.version}${collector}, ${figure(rate)} a second; without a webhook it makes ${figure(bareRate)}`;
  return `${heading}\n\n${renderLatencies(latencies)}`;
}

/** The row without a webhook is measured twice. The difference of the two is the error of the measurement. */
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

/** Creates for each webhook the wiring of `bootstrap webhook`, for pods with its label. */
async function wire(
  { folder, kubeconfig, kubectl }: ControlPlane,
  { webhooks, authorityFile }: ApiServerMeasurement,
) {
  const run = async (commandArguments: readonly string[], stdin?: string): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(commandArguments, stdin === undefined ? {} : { stdin });
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  const urls = webhooks.map(({ port }) => `https://localhost:${port}`);
  // `bootstrap webhook` would refuse a webhook that admits everything.
  const gate = urls[webhooks.findIndex(({ judges }) => judges)];
  const { code, stdout, stderr } = await runOurselves(folder, [
    'bootstrap',
    'webhook',
    `--url=${gate}`,
    `--ca-cert=${authorityFile}`,
    `--kubeconfig=${kubeconfig}`,
    '--apply',
  ]);
  if (code !== 0) throw new Error(`bootstrap webhook: ${stdout}${stderr}`);
  const made = ['validatingwebhookconfiguration', 'kube-image-bouncer'];
  const configuration = JSON.parse(await run(['get', ...made, '-o', 'json'])) as {
    readonly webhooks: readonly [WiredWebhook];
  };
  await run(['delete', ...made]);
  const own = urls.map((url, index) => forPodsOf(index, url, configuration.webhooks[0]));
  const bench = { ...configuration, metadata: { name: 'bench' }, webhooks: own };
  await run(['create', '--filename=-'], JSON.stringify(bench));
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

/** Latencies of the calls of one slice, in milliseconds since each was due. */
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
 * Shows the quantiles of all pods, and the median of the 99th percentiles of all seconds, because the garbage collector of
 * the API server makes one second in ten slow.
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
