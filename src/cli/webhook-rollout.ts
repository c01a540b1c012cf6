import type { Writable } from 'node:stream';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { describeObject, type KubernetesObject } from '../kubernetes/object.ts';
import type { Policy } from '../policy/policy.ts';
import type { CanaryVerdict } from '../webhook/canary.ts';
import { uncoveredNamespaces } from '../webhook/configuration.ts';
import {
  applyObject,
  CONFIGURATION,
  deleteGateObjects,
  untilCanary,
  untilEndpoints,
  type Change,
  type WaitOptions,
} from '../webhook/install.ts';
import { isStageUp } from '../webhook/review-path.ts';
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
  tell(stdout, await applyObject(cluster, rollout.configuration));
  return rollout.wait ? proveWired(rollout.settings, surroundings) : 0;
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
  if (await cluster.delete(CONFIGURATION)) {
    tell(stdout, { reference: CONFIGURATION, what: 'deleted' });
    const wait: WaitOptions = { sleep, timeoutMs: CANARY_TIMEOUT_MS };
    const { verdict, isMet } = await untilCanary(cluster, CANARY_NAMESPACE, ['admitted', 'stopped'], wait);
    if (!isMet) {
      stdout.write(
        `the API server still asks a gate (the canary is ${verdict.outcome}): another wiring is in force, or an API server did not notice; the gate stays\n`,
      );
      return 1;
    }
  }
  for await (const change of deleteGateObjects(cluster, wiring?.namespace ?? namespace)) tell(stdout, change);
  return 0;
}

async function mayGoUp(
  { settings, policy, yes }: Rollout,
  { cluster, stdout }: RolloutSurroundings,
): Promise<boolean> {
  const { stage } = settings;
  const inForce = readWiring(await cluster.get(CONFIGURATION))?.stage;
  // At the first stage nobody is told anything, so that there is nothing to be warned of.
  if (stage === 'audit' || !isStageUp(inForce, stage)) return true;
  const uncovered = new Set(uncoveredNamespaces(settings));
  // Below `deny` in kube-system whatever the stage, unless somebody asked for it.
  if (settings.kubeSystem === 'warn') uncovered.add('kube-system');
  const found = await findRefusedWorkloads(cluster, policy, {
    isCovered: (namespace) => !uncovered.has(namespace),
  });
  stdout.write(renderRefusedWorkloads(found));
  if (found.refused.length === 0 || yes || stage !== 'deny') return true;
  stdout.write(
    'nothing was applied: what runs goes on running, but would not start again; mend it, or roll out with --stage warn first, or go on with --yes\n',
  );
  return false;
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
): Promise<ExitCode> {
  const expected = { deny: 'refused', warn: 'warned', audit: undefined } as const;
  const outcome: CanaryVerdict['outcome'] | undefined = expected[settings.stage];
  if (outcome === undefined || uncoveredNamespaces(settings).includes(CANARY_NAMESPACE)) return 0;
  const wait: WaitOptions = { sleep, timeoutMs: CANARY_TIMEOUT_MS };
  const { verdict, isMet } = await untilCanary(cluster, CANARY_NAMESPACE, [outcome], wait);
  const what = `a pod with a forbidden image is ${verdict.outcome}`;
  const cause = 'message' in verdict ? `: ${verdict.message}` : '';
  stdout.write(
    isMet
      ? `proved: ${what}\n`
      : `not proved: ${what}, not ${outcome}, after ${CANARY_TIMEOUT_MS / 1000} s${cause}; \`kube-image-bouncer doctor\` says why\n`,
  );
  return isMet ? 0 : 1;
}

function tell(stdout: Writable, { what, reference }: Change): void {
  stdout.write(`${what.padEnd(10)} ${describeObject(reference)}\n`);
}
