import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { KubernetesVersion } from '../control-plane/binaries.ts';
import { startControlPlane, type ClusterUser } from '../end-to-end/support/control-plane.ts';
import { eventually } from '../end-to-end/support/eventually.ts';
import { BEFORE_LABEL, type Step } from './sequence.ts';
import { node } from './people.ts';
import { POLICIES } from './generator.ts';
import type { Fields } from './objects.ts';
import { startTlsGate, type TlsGate } from './tls-gate.ts';
import type { OraclePolicy } from './policy.ts';

/** The answer of an API server. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
  readonly warned: boolean;
  readonly elapsedMs: number;
}

/** A real API server that calls a real gate. */
export interface ApiServerCluster extends AsyncDisposable {
  readonly version: string;
  readonly gate: TlsGate;
  readonly ask: (step: Step, namespace: string, body: Fields | undefined) => Promise<ApiAnswer>;
  /** Waits until the gate uses another policy. */
  readonly judgeBy: (policy: OraclePolicy) => Promise<void>;
}

const RULES = [
  ['', ['pods', 'pods/*', 'podtemplates', 'replicationcontrollers', 'replicationcontrollers/*', 'secrets']],
  ['apps', ['deployments', 'deployments/*', 'replicasets', 'statefulsets', 'daemonsets']],
  ['batch', ['jobs', 'cronjobs']],
] as const;

const ASKING = { oracle: 'asks' };

/** Starts etcd, an API server and a gate that is wired as an admission webhook with this review version. */
export async function startApiServerCluster(
  version: KubernetesVersion,
  reviewVersion: 'v1' | 'v1beta1',
): Promise<ApiServerCluster> {
  await using parts = new AsyncDisposableStack();
  const [policy] = POLICIES;
  if (policy === undefined) throw new Error('there is no policy');
  const gate = parts.use(await startTlsGate(policy));
  const controlPlane = parts.use(
    await startControlPlane({ environment: process.env, version, users: users() }),
  );
  const kubeconfig = JSON.parse(await readFile(controlPlane.kubeconfig, 'utf8')) as Kubeconfig;
  const ca = await readFile(kubeconfig.clusters[0]?.cluster['certificate-authority'] ?? '');
  const agent = new Agent({ keepAlive: true, maxSockets: 16, ca });
  parts.defer(() => agent.destroy());
  const send: Send = (person, method, path, body) =>
    sendTo(agent, controlPlane.url, { person, method, path, body });
  await prepare(send, gate, reviewVersion);
  const owned = parts.move();
  return {
    version: controlPlane.version,
    gate,
    ask: (step, namespace, body) => send(step.person.username, step.method, pathOf(step, namespace), body),
    judgeBy: (next) => judgeBy(gate, next),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
}

type Send = (person: string, method: string, path: string, body: Fields | undefined) => Promise<ApiAnswer>;

/** All users that a policy may mention, in the token file of the API server. */
function users(): ClusterUser[] {
  const people = [
    ...POLICIES.flatMap(({ settings }) => settings.flatMap((setting) => setting.people)),
    node('node-1'),
    node('node-2'),
  ];
  const known = people.flatMap((person) =>
    person === undefined ? [] : [[person.username, person.groups] as const],
  );
  return [...new Map(known)].map(([name, groups]) => ({ name, groups }));
}

function namespaces(): string[] {
  return [...new Set(POLICIES.flatMap(({ settings }) => settings.flatMap((setting) => setting.namespaces)))];
}

async function prepare(send: Send, gate: TlsGate, reviewVersion: string): Promise<void> {
  await must(send('admin', 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', EVERYBODY));
  for (const name of namespaces()) {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: ASKING } };
    const { status } = await send('admin', 'POST', '/api/v1/namespaces', namespace);
    // Kubernetes creates its own namespaces.
    if (status === 409) await must(send('admin', 'PUT', `/api/v1/namespaces/${name}`, namespace));
  }
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  await must(send('admin', 'POST', path, webhookOf(gate, reviewVersion)));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'canary' },
    spec: { containers: [{ name: 'a', image: 'A' }] },
  };
  await eventually('the API server calls the gate', async () => {
    const { status } = await send('admin', 'POST', '/api/v1/namespaces/dev/pods?dryRun=All', pod);
    return status === 403 ? true : undefined;
  });
}

const EVERYBODY = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'everybody' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' }],
};

function webhookOf({ address }: TlsGate, reviewVersion: string): Fields {
  const { port, authority } = address();
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'oracle' },
    webhooks: [
      {
        name: 'images.kube-image-bouncer.io',
        clientConfig: {
          url: `https://127.0.0.1:${port}/validate`,
          caBundle: Buffer.from(authority).toString('base64'),
        },
        rules: RULES.map(([group, resources]) => ({
          apiGroups: [group],
          apiVersions: ['*'],
          resources,
          operations: ['CREATE', 'UPDATE', 'DELETE'],
        })),
        namespaceSelector: { matchLabels: ASKING },
        objectSelector: { matchExpressions: [{ key: BEFORE_LABEL, operator: 'DoesNotExist' }] },
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: [reviewVersion],
        timeoutSeconds: 10,
      },
    ],
  };
}

async function must(answer: Promise<ApiAnswer>): Promise<void> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`the API server answers ${status}: ${body}`);
}

function pathOf({ apiVersion, path, dryRun }: Step, namespace: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}/namespaces/${namespace}/${path}${dryRun ? '?dryRun=All' : ''}`;
}

interface Outgoing {
  readonly person: string;
  readonly method: string;
  readonly path: string;
  readonly body: Fields | undefined;
}

async function sendTo(
  agent: Agent,
  url: string,
  { person, method, path, body }: Outgoing,
): Promise<ApiAnswer> {
  const startedMs = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { authorization: `Bearer ${person}-token`, 'content-type': 'application/json' };
  const outgoing = request(`${url}${path}`, { agent, method, headers, timeout: 34_000 }, resolve);
  outgoing.on('error', reject);
  outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer`)));
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const incoming = await promise;
  const answer = await text(incoming);
  const warned = incoming.headers['warning'] !== undefined;
  return { status: incoming.statusCode ?? 0, body: answer, warned, elapsedMs: performance.now() - startedMs };
}

async function judgeBy(gate: TlsGate, { name, document }: OraclePolicy): Promise<void> {
  await gate.writePolicy(JSON.stringify(document));
  await eventually(
    `the gate uses the policy ${name}`,
    async () =>
      (await gate.scrape()).names.some((each) => each.startsWith(`policy_info{name="${name}"`))
        ? true
        : undefined,
    { intervalMs: 20 },
  );
}
