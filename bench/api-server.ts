import { startControlPlane, type ControlPlane } from '../test/end-to-end/control-plane.ts';
import { measureRate } from '../test/end-to-end/load.ts';
import { openPodSender, type PodSender } from '../test/end-to-end/pod-creator.ts';
import { runOurselves } from '../test/end-to-end/wired-cluster.ts';
import { firstAnswer } from './connection.ts';
import { startLogging, type LogPipe, type ServerProgram } from './processes.ts';
import { goodPod, seenSamples } from './reviews.ts';
import { figure, renderTable } from './table.ts';

export interface ApiServerMeasurement {
  readonly program: ServerProgram;
  readonly pipe: LogPipe;
  /** PEM of the CA that the gate's certificate comes from. */
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

/** Only pods with this label are asked about, so that both sorts meet the same API server at the same time. */
const LABEL = { gate: 'asked' };
const ARMS = [
  { name: 'without a webhook', labels: {} },
  { name: 'without a webhook, again', labels: {} },
  { name: 'with kube-image-bouncer', labels: LABEL },
] as const;

/**
 * Creates pods at a fixed rate, whether those before have been answered or not, in slices with and without the
 * webhook, in an order that is shuffled anew in every round. A third of the rounds warms up and is not counted.
 */
export async function measureApiServer(asked: ApiServerMeasurement): Promise<string> {
  await using controlPlane = await startControlPlane({ environment: process.env });
  await using _gate = startLogging(asked.program, asked.pipe, { ownCore: false });
  const { port, paths } = asked.program;
  await firstAnswer(port, paths.ImageReview, seenSamples('ImageReview')(1).body);
  await wire(controlPlane, port, asked.authorityFile);
  using sender = await openPodSender(controlPlane, { connections: CONNECTIONS, namespace: 'default' });
  const create = podCreator(sender);
  await measureRate(async () => create({}), CALLERS, SLICE_MS);
  const bareRate = await measureRate(async () => create({}), CALLERS, 3 * SLICE_MS);
  const rate = Math.min(RATE, bareRate * SHARE);

  const latencies = new Map(ARMS.map(({ name }): [string, number[]] => [name, []]));
  const rounds = Math.max(3, Math.round((asked.seconds * 1000) / SLICE_MS));
  const warmUp = Math.ceil(rounds / 3);
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const { name, labels } of ARMS.toSorted(() => Math.random() - 0.5)) {
      const measured = await runSlice(async () => create(labels), rate);
      if (round >= warmUp) latencies.get(name)?.push(...measured);
    }
  }
  const heading = `Pods through kube-apiserver ${controlPlane.version}, ${figure(rate)} a second; without a webhook it makes ${figure(bareRate)}`;
  return `${heading}\n\n${renderLatencies(latencies)}`;
}

/** The wiring that `bootstrap webhook` makes, for pods with our label. */
async function wire({ folder, kubeconfig, kubectl }: ControlPlane, port: number, authorityFile: string) {
  const { code, stdout, stderr } = await runOurselves(folder, [
    'bootstrap',
    'webhook',
    `--url=https://localhost:${port}`,
    `--ca-cert=${authorityFile}`,
    `--kubeconfig=${kubeconfig}`,
    '--apply',
  ]);
  if (code !== 0) throw new Error(`bootstrap webhook: ${stdout}${stderr}`);
  const name = 'validatingwebhookconfiguration/kube-image-bouncer';
  const selected = [{ op: 'replace', path: '/webhooks/0/objectSelector', value: { matchLabels: LABEL } }];
  const patched = await kubectl(['patch', name, '--type=json', `--patch=${JSON.stringify(selected)}`]);
  if (patched.code !== 0) throw new Error(patched.stderr);
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

function renderLatencies(latencies: ReadonlyMap<string, readonly number[]>): string {
  const [bare = []] = latencies.values();
  const [bareP50, bareP99] = quantiles(bare);
  const rows = [...latencies].map(([name, measured]) => {
    const [p50 = Number.NaN, p99 = Number.NaN] = quantiles(measured);
    const added = (value: number, ofBare = Number.NaN): string => (value - ofBare).toFixed(2);
    return [
      name,
      figure(p50),
      added(p50, bareP50),
      figure(p99),
      added(p99, bareP99),
      String(measured.length),
    ];
  });
  return renderTable(['', 'p50 ms', 'added', 'p99 ms', 'added', 'pods'], rows);
}

function quantiles(latencies: readonly number[]): readonly number[] {
  const sorted = latencies.toSorted((a, b) => a - b);
  return [0.5, 0.99].map((share) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN);
}
