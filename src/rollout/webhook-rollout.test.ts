import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isObject } from '../document/json.ts';
import { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesAnswer, KubernetesRequest } from '../kubernetes/connection.ts';
import { interruptionBy, type WhileChanging } from './interruption.ts';
import type { RolloutEvent } from './progress.ts';
import { planWebhook, type WebhookSettings } from './webhook-plan.ts';
import { removeWebhook, rollOutWebhook, type WebhookRolloutResult } from './webhook-rollout.ts';

const uninterrupted: WhileChanging = (change) => change(new AbortController().signal);

// test/end-to-end rolls out into a real API server. These tests are about the order of the steps and about results that
// a real cluster shows only after minutes.

type Stored = Readonly<Record<string, unknown>>;

/** Path of the webhook configuration. */
const CONFIGURATION =
  '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/kube-image-bouncer';

/** An API server in memory. `review` is its answer to a pod. */
class FakeCluster extends KubernetesClient {
  readonly objects = new Map<string, Stored>();
  /** `METHOD path` of each write, in order. */
  readonly writes: string[] = [];
  isGateReady = true;
  review: (stage: string | undefined) => Partial<KubernetesAnswer> = reviewByGate;
  #version = 0;

  constructor() {
    super({ server: new URL('https://cluster.invalid'), authenticate: async () => ({}) });
  }

  override async send({ method, path, body }: KubernetesRequest): Promise<KubernetesAnswer> {
    const answer = (status: number, document?: unknown): KubernetesAnswer => ({
      status,
      document,
      warnings: [],
    });
    if (path.endsWith('/endpointslices'))
      return answer(200, {
        items: [{ metadata: {}, endpoints: [{ conditions: { ready: this.isGateReady } }] }],
      });
    if (path.endsWith('/pods') && method === 'POST')
      return { ...answer(201), ...this.review(stageOf(this.objects.get(CONFIGURATION))) };
    if (method === 'GET' && !/\/[^/]*bouncer[^/]*$/.test(path)) return answer(200, { items: [] });
    const found = this.objects.get(path);
    if (method === 'GET') return found === undefined ? answer(404) : answer(200, found);
    this.writes.push(`${method} ${path.split('/').at(-2)}`);
    if (method === 'DELETE') return answer(this.objects.delete(path) ? 200 : 404);
    assert.ok(isObject(body));
    const metadata = isObject(body['metadata']) ? body['metadata'] : {};
    this.#version += 1;
    const stored = { ...body, metadata: { ...metadata, resourceVersion: String(this.#version) } };
    this.objects.set(path, stored);
    return answer(200, stored);
  }
}

/** The stage of the path of the first webhook. */
function stageOf(configuration: Stored | undefined): string | undefined {
  if (configuration === undefined) return undefined;
  return /"path":"\/validate(?:\/(\w+))?"/.exec(JSON.stringify(configuration))?.[1] ?? 'deny';
}

function reviewByGate(stage: string | undefined): Partial<KubernetesAnswer> {
  if (stage === 'warn') return { warnings: ['image kube-image-bouncer.invalid/CANARY is not allowed'] };
  if (stage !== 'deny') return {};
  const message = 'admission webhook "images.kube-image-bouncer.io" denied the request: no';
  return { status: 403, document: { message } };
}

/** The API server cannot reach the gate: below `deny` that is ignored. */
function reviewWithoutGate(stage: string | undefined): Partial<KubernetesAnswer> {
  if (stage !== 'deny') return {};
  const message = 'failed calling webhook "images.kube-image-bouncer.io": connection refused';
  return { status: 500, document: { message } };
}

const SETTINGS: WebhookSettings = {
  address: { form: 'service', namespace: 'kube-image-bouncer' },
  stage: 'deny',
  kubeSystem: 'warn',
  exemptNamespaces: [],
  timeoutSeconds: 10,
  image: 'registry.example.com/gate:1',
  replicas: 3,
  language: undefined,
  days: 365,
  authority: undefined,
  issuer: { kind: 'Issuer', name: 'company' },
  client: undefined,
  nodeFolder: '/etc/kubernetes/kube-image-bouncer',
  version: { major: 1, minor: 37, text: 'v1.37' },
};

async function rollOut(
  cluster: FakeCluster,
  settings: Partial<WebhookSettings> = {},
  whileChanging: WhileChanging = uninterrupted,
): Promise<{ readonly result: WebhookRolloutResult; readonly events: readonly RolloutEvent[] }> {
  const sources = {
    cluster,
    policy: undefined,
    out: undefined,
    stateFolder: '/nowhere',
    now: () => new Date(),
  };
  const plan = await planWebhook({ ...SETTINGS, ...settings }, sources);
  const events: RolloutEvent[] = [];
  const onProgress = (event: RolloutEvent): void => void events.push(event);
  const ports = { cluster, onProgress, sleep: async () => undefined, whileChanging };
  const result = await rollOutWebhook(plan, { yes: false, wait: true }, ports);
  return { result, events };
}

describe('the roll-out of a webhook', () => {
  it('applies the gate, tests it at stage warn, and wires it at its stage last', async () => {
    const cluster = new FakeCluster();
    const { result, events } = await rollOut(cluster);
    assert.deepEqual(result, { outcome: 'done' });
    const wired = cluster.writes.indexOf('PATCH validatingwebhookconfigurations');
    assert.ok(wired > cluster.writes.indexOf('PATCH deployments'));
    assert.deepEqual(
      events.map((event) => event.what).filter((what) => what !== 'object'),
      ['workloads', 'waiting', 'trial', 'canary'],
    );
    assert.equal(stageOf(cluster.objects.get(CONFIGURATION)), 'deny');
  });

  it('wires nothing if no pod of the gate becomes ready', async () => {
    const cluster = new FakeCluster();
    cluster.isGateReady = false;
    const { result } = await rollOut(cluster);
    assert.equal(result.outcome, 'gate-not-ready');
    assert.equal(cluster.objects.get(CONFIGURATION), undefined);
  });

  it('removes the wiring if the test at stage warn fails, and reports the verdict', async () => {
    const cluster = new FakeCluster();
    cluster.review = reviewWithoutGate;
    const { result, events } = await rollOut(cluster);
    assert.ok(result.outcome === 'trial-failed');
    assert.equal(result.canary.verdict.outcome, 'admitted');
    assert.equal(cluster.objects.get(CONFIGURATION), undefined);
    assert.deepEqual(events.at(-1)?.what, 'object');
  });

  it('restores the former wiring if the gate does not answer at the new stage', async () => {
    const cluster = new FakeCluster();
    assert.equal((await rollOut(cluster, { stage: 'warn' })).result.outcome, 'done');
    // The gate answers at stage warn, and not any more at deny.
    cluster.review = (stage) => (stage === 'deny' ? reviewWithoutGate(stage) : reviewByGate(stage));
    const { result, events } = await rollOut(cluster);
    assert.deepEqual(result, { outcome: 'not-proved' });
    assert.equal(events.at(-1)?.what, 'configuration-restored');
    assert.equal(stageOf(cluster.objects.get(CONFIGURATION)), 'warn');
  });

  it('XH2 puts the former wiring back if the user interrupts it, and says what remains', async () => {
    const cluster = new FakeCluster();
    await rollOut(cluster, { stage: 'warn' });
    const interruption = new AbortController();
    const change: WhileChanging = (run) => run(interruption.signal);
    cluster.review = (stage) => {
      if (stage === 'deny') interruption.abort(interruptionBy('SIGINT'));
      return stage === 'deny' ? reviewWithoutGate(stage) : reviewByGate(stage);
    };
    await assert.rejects(rollOut(cluster, {}, change), {
      code: 'INTERRUPTED',
      message:
        /^SIGINT interrupted this command: the webhook configuration is as before, and the gate is applied;/,
    });
    assert.equal(stageOf(cluster.objects.get(CONFIGURATION)), 'warn');
  });

  it('XH2 removes a new wiring if the user interrupts the test at stage warn', async () => {
    const cluster = new FakeCluster();
    const interruption = new AbortController();
    cluster.review = (stage) => {
      if (stage === 'warn') interruption.abort(interruptionBy('SIGHUP'));
      return {};
    };
    await assert.rejects(
      rollOut(cluster, {}, (run) => run(interruption.signal)),
      { code: 'INTERRUPTED' },
    );
    assert.equal(cluster.objects.get(CONFIGURATION), undefined);
  });

  it('changes nothing if a gate at stage deny would start to require client certificates', async () => {
    const cluster = new FakeCluster();
    await rollOut(cluster);
    const before = cluster.writes.length;
    const client = { commonName: 'kube-apiserver', authority: 'PEM' };
    const { result } = await rollOut(cluster, { client });
    assert.deepEqual([result.outcome, cluster.writes.length], ['client-certificate-missing', before]);
  });
});

describe('the removal of a webhook', () => {
  const remove = (cluster: FakeCluster) =>
    removeWebhook('kube-image-bouncer', {
      cluster,
      onProgress: () => undefined,
      sleep: async () => undefined,
      whileChanging: uninterrupted,
    });

  it('deletes the wiring before the gate', async () => {
    const cluster = new FakeCluster();
    await rollOut(cluster);
    cluster.writes.length = 0;
    assert.deepEqual(await remove(cluster), { outcome: 'done' });
    assert.equal(cluster.writes[0], 'DELETE validatingwebhookconfigurations');
    assert.ok(cluster.writes.includes('DELETE deployments'));
  });

  it('keeps the gate while the API server still calls one', async () => {
    const cluster = new FakeCluster();
    await rollOut(cluster);
    cluster.review = () => reviewByGate('deny');
    const result = await remove(cluster);
    assert.equal(result.outcome, 'still-called');
    assert.ok(!cluster.writes.includes('DELETE deployments'));
  });
});
