import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Stage } from '../../policy/stage.ts';
import { GATE_NAME } from '../../wiring/names.ts';
import { CANARY_IMAGE } from '../../wiring/canary.ts';
import { type CanaryResult, sendCanary } from '../../wiring/canary.ts';
import { crioNodesOf } from '../../wiring/runtimes.ts';
import type { FetchChain } from '../certificate/served.ts';
import { decodeWebhooks, isOurs, type SeenWebhook } from '../../wiring/webhook-configuration.ts';
import { gatherGate } from './gather-gate.ts';
import { gatherPolicy } from './gather-policy.ts';
import { gatherServed } from './gather-served.ts';
import { policyOf } from '../policy.ts';
import { chooseGoodImages } from './good-image.ts';
import { type Canaries, type ClusterMaterial, type PeopleMaterial } from './material.ts';
import { ClusterReader } from './reader.ts';

/** The client of the cluster, and options of the examination. */
interface ClusterQuestion {
  readonly client: KubernetesClient;
  readonly now: () => Date;
  /** The policy of `--policy`. */
  readonly policy?: Policy | undefined;
  /** The namespace of the gate. @default the namespace that a webhook names, otherwise {@link GATE_NAME} */
  readonly namespace?: string | undefined;
  /** The namespace of the trial objects. */
  readonly canaryNamespace: string;
  /** An image that the policy admits. @default a running image */
  readonly goodImage?: string | undefined;
  /** The stage of `ImagePolicyWebhook` in the files of a node; `undefined` if they were not read. */
  readonly imagePolicyStage?: Stage | undefined;
  /** The policy in the files of a node; `undefined` if they were not read. */
  readonly nodePolicy?: Policy | undefined;
  readonly fetchChain: FetchChain;
}

/**
 * Reads everything that the checks need, and makes the trials. It changes nothing in the cluster.
 * @throws {KubernetesError} CLUSTER_UNREACHABLE; or the error of the first request, if the API server refuses it.
 */
export async function gatherCluster(question: ClusterQuestion): Promise<ClusterMaterial> {
  const { client, now, canaryNamespace } = question;
  const version = await client.version();
  const reader = new ClusterReader(client);
  const configurations = await reader.list({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
  });
  const webhooks = (configurations ?? []).flatMap((one) => decodeWebhooks(one)).filter(isOurs);
  const namespace = question.namespace ?? namespaceOf(webhooks);
  const [gate, policy, people, apiServers, nodes, namespaces, clockAheadMs] = await Promise.all([
    gatherGate(reader, namespace, webhooks),
    gatherPolicy(reader, namespace, question.policy),
    gatherPeople(reader, namespace),
    reader.list(
      { apiVersion: 'v1', kind: 'Pod', namespace: 'kube-system' },
      { labelSelector: 'component=kube-apiserver' },
    ),
    reader.list({ apiVersion: 'v1', kind: 'Node' }),
    reader.list({ apiVersion: 'v1', kind: 'Namespace' }),
    measureClock(client, now),
  ]);
  const images = await chooseGoodImages(client, policyOf(policy), question.goodImage);
  const [canaries, served] = await Promise.all([
    sendCanaries(client, canaryNamespace, webhooks, images),
    gatherServed(webhooks, gate, question.fetchChain),
  ]);
  return {
    server: client.server,
    version,
    now: now(),
    clockAheadMs,
    webhooks,
    areWebhooksRead: configurations !== undefined,
    namespaces,
    gate,
    policy,
    people,
    apiServers: apiServers ?? [],
    crioNodes: crioNodesOf(nodes ?? []),
    nodePolicy: question.nodePolicy,
    imagePolicyStage: question.imagePolicyStage,
    canaries,
    served,
    unread: reader.unread,
  };
}

function namespaceOf(webhooks: readonly SeenWebhook[]): string {
  for (const { target } of webhooks) if (target.form === 'service') return target.namespace;
  return GATE_NAME;
}

async function gatherPeople(reader: ClusterReader, namespace: string): Promise<PeopleMaterial | undefined> {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const [clusterRoles, clusterRoleBindings, roles, roleBindings] = await Promise.all([
    reader.list({ apiVersion, kind: 'ClusterRole' }),
    reader.list({ apiVersion, kind: 'ClusterRoleBinding' }),
    reader.list({ apiVersion, kind: 'Role', namespace }),
    reader.list({ apiVersion, kind: 'RoleBinding', namespace }),
  ]);
  if (clusterRoles === undefined || clusterRoleBindings === undefined) return undefined;
  return { clusterRoles, clusterRoleBindings, roles: roles ?? [], roleBindings: roleBindings ?? [] };
}

/** The `Date` of an answer, minus the middle of the time between request and answer. */
async function measureClock(client: KubernetesClient, now: () => Date): Promise<number | undefined> {
  const before = now().getTime();
  const { date } = await client.send({ method: 'GET', path: '/version' });
  if (date === undefined) return undefined;
  return date.getTime() - (before + now().getTime()) / 2;
}

async function sendCanaries(
  client: KubernetesClient,
  namespace: string,
  webhooks: readonly SeenWebhook[],
  images: readonly string[],
): Promise<Canaries> {
  const names = new Set(webhooks.map(({ name }) => name));
  const trial = (kind: 'Pod' | 'Deployment', image: string): Promise<CanaryResult> =>
    sendCanary(client, { kind, namespace, image, webhooks: names });
  const good = async (): Promise<Canaries['goodPod']> => {
    let last: Canaries['goodPod'];
    for (const image of images) {
      last = { image, result: await trial('Pod', image) };
      if (last.result.outcome === 'admitted') return last;
    }
    return last;
  };
  const [badPod, badDeployment, goodPod] = await Promise.all([
    trial('Pod', CANARY_IMAGE),
    trial('Deployment', CANARY_IMAGE),
    good(),
  ]);
  return { namespace, badPod, badDeployment, goodPod };
}
