import type { Writable } from 'node:stream';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { describeObject, type KubernetesObject } from '../kubernetes/object.ts';
import type { Policy } from '../policy/policy.ts';
import type { CanaryVerdict } from '../wiring/canary.ts';
import { uncoveredNamespaces } from '../webhook/configuration.ts';
import {
  applyObject,
  CONFIGURATION,
  deleteGateObjects,
  findCallers,
  putBack,
  untilCanary,
  untilEndpoints,
  type Change,
  type WaitOptions,
} from '../webhook/install.ts';
import { GATE_NAME } from '../wiring/names.ts';
import { isStageUp } from '../wiring/paths.ts';
import { readWiring } from '../webhook/wiring-in-force.ts';
import { findRefusedWorkloads, renderRefusedWorkloads } from './running-workloads.ts';
import type { ExitCode } from './streams.ts';
import type { WebhookSettings } from './webhook-settings.ts';

/** Where a roll-out happens, and to whom it is told. */
export interface RolloutSurroundings {
  readonly cluster: KubernetesClient;
  readonly stdout: Writable;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** What is rolled out. */
export interface Rollout {
  readonly settings: WebhookSettings;
  readonly policy: Policy;
  /** The gate's own objects; none when it is outside the cluster. */
  readonly gate: readonly KubernetesObject[];
  readonly configuration: KubernetesObject;
  /** The same below `deny`, where a gate that does not answer refuses nothing. */
  readonly trial: KubernetesObject;
  /** Goes on although running workloads would be refused. */
  readonly yes: boolean;
  /** Waits for the gate before the wiring, and for the API server after it. */
  readonly wait: boolean;
}

const ENDPOINTS_TIMEOUT_MS = 300_000;
const CANARY_TIMEOUT_MS = 20_000;

/** Namespace where the canary is tried: every cluster has it. */
const CANARY_NAMESPACE = 'default';

/**
 * Applies the gate, waits until it serves, and only then wires it: a wiring without a gate behind it refuses
 * everything. Before a stage that bites harder than the one in force, the running workloads are judged.
 * @throws {KubernetesError}
 */
export async function rollOut(rollout: Rollout, surroundings: RolloutSurroundings): Promise<ExitCode> {
  const { cluster, stdout } = surroundings;
  if (!(await mayGoUp(rollout, surroundings))) return 1;
  for (const object of rollout.gate) tell(stdout, await applyObject(cluster, object));
  const { address } = rollout.settings;
  if (address.form === 'service' && rollout.wait) {
    stdout.write('waiting until a pod of the gate is ready\n');
    const wait = { sleep: surroundings.sleep, timeoutMs: ENDPOINTS_TIMEOUT_MS };
    if (!(await untilEndpoints(cluster, address.namespace, wait))) {
      stdout.write(
        `no pod of Deployment ${address.namespace}/kube-image-bouncer became ready within ${ENDPOINTS_TIMEOUT_MS / 60_000} minutes, so nothing is wired: look at \`kubectl -n ${address.namespace} describe pods\`, then run this again\n`,
      );
      return 1;
    }
  }
  if (rollout.wait && !(await isTrialPassed(rollout, surroundings))) return 1;
  const before = await cluster.get(CONFIGURATION);
  const change = await applyObject(cluster, rollout.configuration);
  tell(stdout, change);
  if (!rollout.wait) return 0;
  const proof = await proveWired(rollout.settings, surroundings);
  if (proof === 'unanswered' && before !== undefined && change.what === 'changed') {
    await putBack(cluster, before);
    stdout.write('put back: the wiring that was there before\n');
  }
  return proof === 'proved' ? 0 : 1;
}

/**
 * Takes the wiring away, waits until no API server asks any more, and only then the gate.
 * @throws {KubernetesError}
 */
export async function rollBack(
  namespace: string,
  { cluster, stdout, sleep }: RolloutSurroundings,
): Promise<ExitCode> {
  const wiring = readWiring(await cluster.get(CONFIGURATION));
  const gateNamespace = wiring?.namespace ?? namespace;
  const isDeleted = await cluster.delete(CONFIGURATION);
  if (isDeleted) tell(stdout, { reference: CONFIGURATION, what: 'deleted' });
  const service = { apiVersion: 'v1', kind: 'Service', name: GATE_NAME, namespace: gateNamespace };
  // An earlier run may have ended between the wiring and the gate.
  if (isDeleted || (await cluster.get(service)) !== undefined) {
    const wait: WaitOptions = { sleep, timeoutMs: CANARY_TIMEOUT_MS };
    const { verdict, isMet } = await untilCanary(cluster, CANARY_NAMESPACE, ['admitted', 'stopped'], wait);
    if (!isMet) {
      stdout.write(
        `the API server still asks a gate (the canary is ${verdict.outcome}): another wiring is in force, or an API server did not notice; the gate stays\n`,
      );
      return 1;
    }
  }
  const callers = await findCallers(cluster, gateNamespace);
  if (callers.length > 0) {
    stdout.write(
      `${callers.map(describeObject).join(', ')} still asks the gate, which stays: delete that first, or lead it elsewhere\n`,
    );
    return 1;
  }
  for await (const change of deleteGateObjects(cluster, gateNamespace)) tell(stdout, change);
  return 0;
}

async function mayGoUp(rollout: Rollout, surroundings: RolloutSurroundings): Promise<boolean> {
  const { settings, policy, yes } = rollout;
  const { cluster, stdout } = surroundings;
  const { stage } = settings;
  const inForce = readWiring(await cluster.get(CONFIGURATION));
  if (inForce?.stage === 'deny' && !yes && (await wouldTurnAway(settings, cluster))) {
    stdout.write(
      'nothing was applied: the gate would turn the API server away until every control-plane node has its kubeconfig, and at stage deny that refuses every pod; write the files with --out alone, go down to --stage warn first, or go on with --yes\n',
    );
    return false;
  }
  // At the first stage nobody is told anything, so that there is nothing to be warned of.
  if (stage === 'audit') return true;
  const uncovered = new Set(uncoveredNamespaces(settings));
  // Below `deny` in kube-system whatever the stage, unless somebody asked for it.
  if (settings.kubeSystem === 'warn') uncovered.add('kube-system');
  const isUp = isStageUp(inForce?.stage, stage);
  const leftOut = new Set(inForce?.leftOut);
  const isNew = (namespace: string): boolean => isUp || leftOut.has(namespace);
  if (!isUp && [...leftOut].every((namespace) => uncovered.has(namespace))) return true;
  const found = await findRefusedWorkloads(cluster, policy, {
    isCovered: (namespace) => !uncovered.has(namespace) && isNew(namespace),
  });
  stdout.write(renderRefusedWorkloads(found));
  if (found.refused.length === 0 || yes || stage !== 'deny') return true;
  stdout.write(
    'nothing was applied: what runs goes on running, but would not start again; mend it, or roll out with --stage warn first, or go on with --yes\n',
  );
  return false;
}

/** Whether a gate that anybody may ask would ask for a certificate that the API server may not have yet. */
async function wouldTurnAway(
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

/**
 * Whether the API server and the gate understand each other, tried before `failurePolicy: Fail` makes a wrong address,
 * CA or client certificate refuse every pod of the cluster.
 */
async function isTrialPassed(
  { settings, trial }: Rollout,
  { cluster, stdout, sleep }: RolloutSurroundings,
): Promise<boolean> {
  const before = await cluster.get(CONFIGURATION);
  if (settings.stage !== 'deny' || readWiring(before)?.stage === 'deny') return true;
  if (uncoveredNamespaces(settings).includes(CANARY_NAMESPACE)) return true;
  stdout.write('wiring the gate at stage warn, to see whether it is heard\n');
  tell(stdout, await applyObject(cluster, trial));
  const wait: WaitOptions = { sleep, timeoutMs: CANARY_TIMEOUT_MS };
  const { verdict, isMet } = await untilCanary(cluster, CANARY_NAMESPACE, ['warned'], wait);
  if (isMet) return true;
  if (before === undefined && (await cluster.delete(CONFIGURATION)))
    tell(stdout, { reference: CONFIGURATION, what: 'deleted' });
  const cause = 'message' in verdict ? `: ${verdict.message}` : '';
  stdout.write(
    `not wired: at stage warn a pod with a forbidden image is ${verdict.outcome}, not warned about, after ${CANARY_TIMEOUT_MS / 1000} s${cause}; look at the gate's address as the control plane sees it, at its CA and, with --client-ca, at the API server's own kubeconfig; --no-wait wires it unseen\n`,
  );
  return false;
}

/** The API server follows its configurations a moment later; what can be seen of that is waited for. */
async function proveWired(
  settings: WebhookSettings,
  { cluster, stdout, sleep }: RolloutSurroundings,
): Promise<'proved' | CanaryVerdict['outcome']> {
  const expected = { deny: 'refused', warn: 'warned', audit: undefined } as const;
  const outcome: CanaryVerdict['outcome'] | undefined = expected[settings.stage];
  if (outcome === undefined || uncoveredNamespaces(settings).includes(CANARY_NAMESPACE)) return 'proved';
  const wait: WaitOptions = { sleep, timeoutMs: CANARY_TIMEOUT_MS };
  const { verdict, isMet } = await untilCanary(cluster, CANARY_NAMESPACE, [outcome], wait);
  const what = `a pod with a forbidden image is ${verdict.outcome}`;
  const cause = 'message' in verdict ? `: ${verdict.message}` : '';
  stdout.write(
    isMet
      ? `proved: ${what}\n`
      : `not proved: ${what}, not ${outcome}, after ${CANARY_TIMEOUT_MS / 1000} s${cause}; \`kube-image-bouncer doctor\` says why\n`,
  );
  return isMet ? 'proved' : verdict.outcome;
}

function tell(stdout: Writable, { what, reference }: Change): void {
  stdout.write(`${what.padEnd(10)} ${describeObject(reference)}\n`);
}
