import type { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject, ObjectReference } from '../kubernetes/object.ts';
import type { CanaryVerdict } from '../wiring/canary.ts';
import { uncoveredNamespaces } from '../webhook/configuration.ts';
import { GATE_NAME } from '../wiring/names.ts';
import { isStageUp } from '../wiring/paths.ts';
import { readWiring } from '../webhook/wiring-in-force.ts';
import {
  applyObject,
  CANARY_NAMESPACE,
  CONFIGURATION,
  deleteGateObjects,
  expectedOutcome,
  findCallers,
  restoreConfiguration,
  untilCanary,
  untilEndpoints,
  type WaitOptions,
} from './install.ts';
import { interruptible, isInterruption, saying, type WhileChanging } from './interruption.ts';
import type { CanaryProof, OnProgress } from './progress.ts';
import { findRefusedWorkloads } from './running-workloads.ts';
import type { WebhookPlan, WebhookSettings } from './webhook-plan.ts';

/** The cluster of a roll-out, and what the action needs from its caller. */
export interface WebhookRolloutPorts {
  readonly cluster: KubernetesClient;
  readonly onProgress: OnProgress;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly whileChanging: WhileChanging;
}

interface WebhookRolloutOptions {
  /** Continues although running workloads would be refused. */
  readonly yes: boolean;
  /** Waits for the gate before the wiring, and for the API server after it. */
  readonly wait: boolean;
}

/** How the roll-out of a webhook ended. Only with `done` is the webhook wired as planned. */
export type WebhookRolloutResult =
  | { readonly outcome: 'done' }
  /** Nothing was applied, because the gate would require a client certificate that the API server may not have yet. */
  | { readonly outcome: 'client-certificate-missing' }
  /** Nothing was applied, because the policy refuses running workloads. */
  | { readonly outcome: 'workloads-refused' }
  /** The gate is applied but not wired, because none of its pods became ready. */
  | { readonly outcome: 'gate-not-ready'; readonly namespace: string; readonly timeoutMs: number }
  /** The gate is applied but not wired, because the canary got no warning at stage `warn`. */
  | { readonly outcome: 'trial-failed'; readonly canary: CanaryProof }
  /** The webhook is wired, but the canary did not have the outcome that the stage requires. */
  | { readonly outcome: 'not-proved' };

/** How the removal of a webhook ended. Only with `done` is the gate deleted. */
export type WebhookRemovalResult =
  | { readonly outcome: 'done' }
  /** The gate is not deleted, because an API server still calls a gate. */
  | { readonly outcome: 'still-called'; readonly verdict: CanaryVerdict }
  /** The gate is not deleted, because these webhook configurations still call it. */
  | { readonly outcome: 'has-callers'; readonly callers: readonly ObjectReference[] };

const ENDPOINTS_TIMEOUT_MS = 300_000;
const CANARY_TIMEOUT_MS = 20_000;

/**
 * Applies the gate, waits until it is ready, and only then wires it, because a wiring without a gate refuses every
 * pod. Before a stricter stage than the active one, the running workloads are judged.
 * @throws {KubernetesError}
 */
export async function rollOutWebhook(
  plan: WebhookPlan,
  options: WebhookRolloutOptions,
  ports: WebhookRolloutPorts,
): Promise<WebhookRolloutResult> {
  const obstacle = await findObstacle(plan, options, ports);
  if (obstacle !== undefined) return { outcome: obstacle };
  return ports.whileChanging((interruption) =>
    applyPlan(plan, options, { ...ports, sleep: interruptible(ports.sleep, interruption) }),
  );
}

/** What remains if the user interrupts the roll-out. */
const GATE_REMAINS = 'the gate is applied; run this command again, or remove the gate with --delete';

async function applyPlan(
  plan: WebhookPlan,
  options: WebhookRolloutOptions,
  ports: WebhookRolloutPorts,
): Promise<WebhookRolloutResult> {
  const { cluster, onProgress } = ports;
  for (const object of plan.gateObjects)
    onProgress({ what: 'object', ...(await applyObject(cluster, object)) });
  const before = await cluster.get(CONFIGURATION);
  try {
    if (options.wait) {
      const failure = (await awaitGate(plan, ports)) ?? (await tryAtWarn(plan, ports));
      if (failure !== undefined) return failure;
    }
    return await wire(plan, options, ports);
  } catch (error) {
    if (!isInterruption(error)) throw error;
    await putBackConfiguration(before, ports);
    throw saying(error, `the webhook configuration is as before, and ${GATE_REMAINS}`);
  }
}

/** Restores the webhook configuration as it was, or deletes it if there was none. */
async function putBackConfiguration(
  before: KubernetesObject | undefined,
  { cluster, onProgress }: WebhookRolloutPorts,
): Promise<void> {
  if (before !== undefined) {
    await restoreConfiguration(cluster, before);
    onProgress({ what: 'configuration-restored' });
  } else if (await cluster.delete(CONFIGURATION))
    onProgress({ what: 'object', reference: CONFIGURATION, change: 'deleted' });
}

async function wire(
  plan: WebhookPlan,
  options: WebhookRolloutOptions,
  ports: WebhookRolloutPorts,
): Promise<WebhookRolloutResult> {
  const { cluster, onProgress } = ports;
  const before = await cluster.get(CONFIGURATION);
  const applied = await applyObject(cluster, plan.configuration);
  onProgress({ what: 'object', ...applied });
  const proof = options.wait ? await proveWired(plan.settings, ports) : undefined;
  if (proof === undefined || proof.isMet) return { outcome: 'done' };
  if (proof.verdict.outcome === 'unanswered' && before !== undefined && applied.change === 'changed') {
    await restoreConfiguration(cluster, before);
    onProgress({ what: 'configuration-restored' });
  }
  return { outcome: 'not-proved' };
}

/**
 * Deletes the wiring, waits until no API server calls the gate any more, and only then deletes the gate.
 * @throws {KubernetesError}
 */
export function removeWebhook(namespace: string, ports: WebhookRolloutPorts): Promise<WebhookRemovalResult> {
  return ports
    .whileChanging((interruption) =>
      removeInOrder(namespace, { ...ports, sleep: interruptible(ports.sleep, interruption) }),
    )
    .catch((error: unknown) => {
      throw saying(error, 'the wiring is deleted, and the gate is not; run this command again');
    });
}

async function removeInOrder(
  namespace: string,
  { cluster, onProgress, sleep }: WebhookRolloutPorts,
): Promise<WebhookRemovalResult> {
  const wiring = readWiring(await cluster.get(CONFIGURATION));
  const gateNamespace = wiring?.namespace ?? namespace;
  const isDeleted = await cluster.delete(CONFIGURATION);
  if (isDeleted) onProgress({ what: 'object', reference: CONFIGURATION, change: 'deleted' });
  const service = { apiVersion: 'v1', kind: 'Service', name: GATE_NAME, namespace: gateNamespace };
  // An earlier run may have deleted the wiring and stopped before it deleted the gate.
  if (isDeleted || (await cluster.get(service)) !== undefined) {
    const wait: WaitOptions = { sleep, timeoutMs: CANARY_TIMEOUT_MS };
    const { verdict, isMet } = await untilCanary(cluster, CANARY_NAMESPACE, ['admitted', 'stopped'], wait);
    if (!isMet) return { outcome: 'still-called', verdict };
  }
  const callers = await findCallers(cluster, gateNamespace);
  if (callers.length > 0) return { outcome: 'has-callers', callers };
  for await (const change of deleteGateObjects(cluster, gateNamespace))
    onProgress({ what: 'object', ...change });
  return { outcome: 'done' };
}

/** Why the roll-out must not begin; `undefined` if it may. */
async function findObstacle(
  { settings, policy }: WebhookPlan,
  { yes }: WebhookRolloutOptions,
  { cluster, onProgress }: WebhookRolloutPorts,
): Promise<'client-certificate-missing' | 'workloads-refused' | undefined> {
  const { stage } = settings;
  const active = readWiring(await cluster.get(CONFIGURATION));
  if (active?.stage === 'deny' && !yes && (await addsClientCertificate(settings, cluster)))
    return 'client-certificate-missing';
  // At stage `audit` no request is refused or gets a warning.
  if (stage === 'audit') return undefined;
  const uncovered = new Set(uncoveredNamespaces(settings));
  // With mode `warn` nothing is refused in kube-system, whatever the stage.
  if (settings.kubeSystem === 'warn') uncovered.add('kube-system');
  const isUp = isStageUp(active?.stage, stage);
  const leftOut = new Set(active?.leftOut);
  if (!isUp && [...leftOut].every((namespace) => uncovered.has(namespace))) return undefined;
  const found = await findRefusedWorkloads(cluster, policy, {
    isCovered: (namespace) => !uncovered.has(namespace) && (isUp || leftOut.has(namespace)),
  });
  onProgress({ what: 'workloads', found });
  return found.refused.length > 0 && !yes && stage === 'deny' ? 'workloads-refused' : undefined;
}

/** Whether a gate without client certificates would now require one, which the API server may not have yet. */
async function addsClientCertificate(
  { address, client }: WebhookSettings,
  cluster: KubernetesClient,
): Promise<boolean> {
  if (address.form === 'url' || client === undefined) return false;
  const { namespace } = address;
  const deployment = await cluster.get({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: GATE_NAME,
    namespace,
  });
  return deployment !== undefined && !JSON.stringify(deployment['spec'] ?? {}).includes('--client-ca=');
}

async function awaitGate(
  { settings: { address } }: WebhookPlan,
  { cluster, onProgress, sleep }: WebhookRolloutPorts,
): Promise<WebhookRolloutResult | undefined> {
  if (address.form === 'url') return undefined;
  const { namespace } = address;
  const timeoutMs = ENDPOINTS_TIMEOUT_MS;
  onProgress({ what: 'waiting', for: 'gate-pod' });
  const isReady = await untilEndpoints(cluster, namespace, { sleep, timeoutMs });
  return isReady ? undefined : { outcome: 'gate-not-ready', namespace, timeoutMs };
}

/**
 * Applies the wiring at stage `warn`, to test whether the API server reaches the gate and accepts its answers. With
 * `failurePolicy: Fail` a wrong address, CA or client certificate would refuse every pod of the cluster.
 */
async function tryAtWarn(
  { settings, trial }: WebhookPlan,
  { cluster, onProgress, sleep }: WebhookRolloutPorts,
): Promise<WebhookRolloutResult | undefined> {
  const before = await cluster.get(CONFIGURATION);
  if (settings.stage !== 'deny' || readWiring(before)?.stage === 'deny') return undefined;
  if (uncoveredNamespaces(settings).includes(CANARY_NAMESPACE)) return undefined;
  onProgress({ what: 'trial' });
  onProgress({ what: 'object', ...(await applyObject(cluster, trial)) });
  const timeoutMs = CANARY_TIMEOUT_MS;
  const found = await untilCanary(cluster, CANARY_NAMESPACE, ['warned'], { sleep, timeoutMs });
  if (found.isMet) return undefined;
  if (before === undefined && (await cluster.delete(CONFIGURATION)))
    onProgress({ what: 'object', reference: CONFIGURATION, change: 'deleted' });
  return { outcome: 'trial-failed', canary: { ...found, expected: 'warned', timeoutMs } };
}

/** Waits until the API server uses its new configuration. `undefined` if a canary cannot show this. */
async function proveWired(
  settings: WebhookSettings,
  { cluster, onProgress, sleep }: WebhookRolloutPorts,
): Promise<CanaryProof | undefined> {
  const expected = expectedOutcome(settings);
  if (expected === undefined) return undefined;
  const timeoutMs = CANARY_TIMEOUT_MS;
  const found = await untilCanary(cluster, CANARY_NAMESPACE, [expected], { sleep, timeoutMs });
  const canary = { ...found, expected, timeoutMs };
  onProgress({ what: 'canary', canary });
  return canary;
}
