import {
  type ApiServerManifest,
  IMAGE_POLICY_PLUGIN,
  parseApiServerManifest,
} from '../control-plane/api-server-manifest.ts';
import { FINGERPRINT, isMarked, unwireApiServer } from '../control-plane/api-server-wiring.ts';
import {
  type ChangesMade,
  makeChanges,
  readOriginal,
  type Reconciled,
  undoChanges,
} from '../control-plane/change-files.ts';
import { ControlPlaneError } from '../control-plane/errors.ts';
import { comparePlan, findFile, resolveLinks, type PlannedFile } from '../control-plane/file-plan.ts';
import type { NodeCertificates } from '../control-plane/node-plan.ts';
import { STATIC_FINGERPRINT } from '../control-plane/static-webhook-plan.ts';
import { DocumentError } from '../document/yaml.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Policy } from '../policy/policy.ts';
import { isStageUp } from '../wiring/paths.ts';
import type { NodePlan, NodeSettings } from './image-policy-plan.ts';
import { activeStage, sendNodeCanary } from './node-canary.ts';
import {
  addressOfApiServer,
  probeGate,
  awaitRestart,
  isApiServerReady,
  poll,
  type Waiting,
} from './node-probes.ts';
import type { NodeCanaryProof, NodeCanaryVerdict, OnProgress } from './progress.ts';
import { findRefusedWorkloads } from './running-workloads.ts';

/** What an action on a control-plane node needs from its caller. */
export interface NodePorts {
  readonly onProgress: OnProgress;
  readonly waiting: Waiting;
  /** The folder of the copies of changed files, and of the record for {@link undoOnNode}. */
  readonly backupFolder: string;
  readonly isRoot: boolean;
  /** Overwrites private keys; an undo also overwrites files that were changed since. */
  readonly force: boolean;
}

/** Choices of the caller for a roll-out on a node. */
export interface NodeRolloutOptions {
  /**
   * The cluster whose running workloads are judged before the change, and which receives the canary after it.
   * `undefined`: both steps are skipped.
   */
  readonly cluster: KubernetesClient | undefined;
  /** Continues although running workloads would be refused. */
  readonly yes: boolean;
}

/** How a roll-out on a node ended. Only with `done` is the API server wired as planned. */
export type NodeRolloutResult =
  | { readonly outcome: 'done' }
  /** Nothing was changed, because the policy refuses running workloads. */
  | { readonly outcome: 'workloads-refused' }
  /** The gate's files are written; the API server is unchanged because no gate answers yet. */
  | { readonly outcome: 'gate-unanswered'; readonly why: string }
  /** The API server is wired, but the canary did not have the outcome that the stage requires. */
  | { readonly outcome: 'not-proved' };

/** A plan that can be applied on this node. */
type ApplicablePlan = NodePlan & {
  readonly certificates: NodeCertificates;
  readonly manifest: PlannedFile;
};

/**
 * Rolls out `ImagePolicyWebhook`: judges the running workloads, changes the files of the gate, waits until the gate
 * answers, and only then changes the API server. If the gate or the API server does not become ready, their files are
 * restored.
 *
 * @throws {ControlPlaneError} GATE_NOT_READY or API_SERVER_NOT_READY, with everything restored; and the errors of
 * {@link makeChanges}.
 */
export async function rollOutImagePolicy(
  settings: NodeSettings,
  plan: ApplicablePlan,
  options: NodeRolloutOptions,
  ports: NodePorts,
): Promise<NodeRolloutResult> {
  const { cluster } = options;
  if (cluster !== undefined && !(await acceptsWorkloads(settings, plan.policy, cluster, options, ports)))
    return { outcome: 'workloads-refused' };
  const made = await changeFiles(plan.files, ports);
  const pending = await comparePlan([plan.manifest], ports);
  if (made.paths.length === 0 && pending.length === 0) ports.onProgress({ what: 'nothing-to-change' });
  else {
    const why = await findGateFault(settings, plan.certificates, ports, made);
    if (why !== undefined) return { outcome: 'gate-unanswered', why };
    if (pending.length > 0) await changeManifest(plan.manifest, ports, made);
  }
  if (cluster === undefined || ports.waiting.timeoutMs === 0) return { outcome: 'done' };
  const { isMet } = await proveOnNode(settings, cluster, ports);
  return { outcome: isMet ? 'done' : 'not-proved' };
}

/** Before a stricter stage than the active one, the running workloads are judged. */
async function acceptsWorkloads(
  { stage, places }: NodeSettings,
  policy: Policy,
  cluster: KubernetesClient,
  { yes }: NodeRolloutOptions,
  { onProgress }: NodePorts,
): Promise<boolean> {
  const active = await activeStage(places.manifest);
  if (stage === 'audit' || !isStageUp(active, stage)) return true;
  const found = await findRefusedWorkloads(cluster, policy, { isCovered: () => true });
  onProgress({ what: 'workloads', found });
  return found.refused.length === 0 || stage !== 'deny' || yes;
}

/** Sends the canary to the API server until it has the outcome that the stage requires, or until the time is over. */
async function proveOnNode(
  { stage }: NodeSettings,
  cluster: KubernetesClient,
  { onProgress, waiting }: NodePorts,
): Promise<NodeCanaryProof> {
  const expected = stage === 'deny' ? 'refused' : 'admitted';
  let verdict: NodeCanaryVerdict = { outcome: 'not answered', message: '' };
  const isMet = await poll(waiting, async () => {
    verdict = await sendNodeCanary(cluster);
    return verdict.outcome === expected;
  });
  const canary = { verdict, expected, isMet, stage } as const;
  onProgress({ what: 'node-canary', canary });
  return canary;
}

/** Writes or removes the files that differ from the plan, and reports each one. */
export async function changeFiles(plan: readonly PlannedFile[], ports: NodePorts): Promise<ChangesMade> {
  const changes = await comparePlan(plan, ports);
  const made = await makeChanges(changes, ports);
  for (const { file, before } of changes) {
    const change = before === undefined ? 'created' : file.content === undefined ? 'removed' : 'changed';
    ports.onProgress({ what: 'file', path: file.path, change });
  }
  return made;
}

/**
 * The reason why the gate does not answer; `undefined` if it answers. If the kubelet starts the gate, this function
 * waits for it, and restores its files if it does not answer in time. Otherwise the gate is called once.
 */
async function findGateFault(
  { runner, authority }: NodeSettings,
  certificates: NodeCertificates,
  { onProgress, waiting }: NodePorts,
  made: ChangesMade,
): Promise<string | undefined> {
  if (waiting.timeoutMs === 0) return undefined;
  const server = new URL(`https://${authority}`);
  let why = '';
  const isThere = async (): Promise<boolean> => {
    const answer = await probeGate(server, certificates);
    why = answer.outcome === 'unanswered' ? answer.why : '';
    return answer.outcome === 'answers';
  };
  if (runner.kind !== 'static-pod') return (await isThere()) ? undefined : why;
  onProgress({ what: 'waiting', for: 'gate' });
  if (await poll(waiting, isThere)) return undefined;
  await made.rollBack();
  throw new ControlPlaneError(
    'GATE_NOT_READY',
    `the gate does not answer, so all files were restored: ${why}; check that the node has image ${runner.image}`,
  );
}

/**
 * Changes the manifest of the API server and waits until the API server is ready again.
 * @throws {ControlPlaneError} API_SERVER_NOT_READY, with the manifest and the files of `gate` restored.
 */
export async function changeManifest(
  manifest: PlannedFile,
  ports: NodePorts,
  gate: ChangesMade,
): Promise<void> {
  const { onProgress, waiting } = ports;
  const server = addressOfApiServer(parseApiServerManifest(manifest.content ?? '', manifest.path));
  const isReady = (): Promise<boolean> => isApiServerReady(server);
  const isStopped = !(await isReady());
  const made = await changeFiles([manifest], ports);
  if (waiting.timeoutMs === 0) return;
  onProgress({ what: 'waiting', for: 'api-server' });
  if (await awaitRestart(isReady, { isStopped }, waiting)) return;
  onProgress({ what: 'restoring' });
  await made.rollBack();
  const isBack = await poll(waiting, isReady);
  await gate.rollBack();
  throw new ControlPlaneError(
    'API_SERVER_NOT_READY',
    `the API server at ${server.host} did not become ready within ${waiting.timeoutMs / 1000} s after the change of its manifest, so all files were restored${isBack ? ', and it is ready again' : '; it is not ready yet'}`,
  );
}

/** The wirings that a manifest of the API server can hold. */
type NodeWiring = 'image-policy' | 'static';

const MARKS: Readonly<Record<NodeWiring, string>> = {
  'image-policy': FINGERPRINT,
  static: STATIC_FINGERPRINT,
};

/**
 * Restores every file of a node. The API server's manifest is first, so that the API server stops calling the gate
 * before the gate is removed.
 *
 * @throws {ControlPlaneError} the errors of {@link undoChanges}; CHANGED_SINCE also if another wiring was applied after
 * this one; API_SERVER_NOT_READY with the gate's files left in place.
 */
export async function undoOnNode(wiring: NodeWiring, manifestPath: string, ports: NodePorts): Promise<void> {
  const { onProgress, waiting, force } = ports;
  const manifestFile = await resolveLinks(manifestPath);
  const current = await readManifest(manifestFile);
  if (current !== undefined) await requireNewest(wiring, manifestFile, current.text, ports);
  const server = current && addressOfApiServer(current.manifest);
  const isStopped = server === undefined || !(await isApiServerReady(server));
  const withoutGate = (path: string, text: string, original: string): string =>
    path === manifestFile ? unwire(wiring, path, text, original) : text;
  const reconcile = (path: string, text: string, original: string | undefined): Reconciled =>
    path === manifestFile && original !== undefined && current !== undefined
      ? { kind: 'text', text: withoutGate(path, text, original) }
      : { kind: 'original' };
  await undoChanges({
    ...ports,
    withoutGate,
    ...(force ? { reconcile } : {}),
    onRestored: async (path, what) => {
      onProgress({ what: 'file', path, change: what });
      if (path !== manifestFile || server === undefined || waiting.timeoutMs === 0) return;
      onProgress({ what: 'waiting', for: 'api-server' });
      if (await awaitRestart(() => isApiServerReady(server), { isStopped }, waiting)) return;
      throw new ControlPlaneError(
        'API_SERVER_NOT_READY',
        `the API server at ${server.host} did not become ready within ${waiting.timeoutMs / 1000} s after its manifest was restored; the gate's files were not removed: run this command again`,
      );
    },
  });
}

/** The manifest; `undefined` if it is missing or not readable. Then there is no API server to wait for. */
async function readManifest(
  file: string,
): Promise<{ readonly text: string; readonly manifest: ApiServerManifest } | undefined> {
  const text = (await findFile(file))?.content.toString();
  if (text === undefined) return undefined;
  try {
    return { text, manifest: parseApiServerManifest(text, file) };
  } catch (error) {
    // A user may run the undo to repair a broken manifest.
    if (error instanceof ControlPlaneError || error instanceof DocumentError) return undefined;
    throw error;
  }
}

/** A later wiring builds on the files of an earlier one, so it has to be undone first. */
async function requireNewest(
  wiring: NodeWiring,
  file: string,
  text: string,
  { backupFolder }: NodePorts,
): Promise<void> {
  const other = wiring === 'static' ? 'image-policy' : 'static';
  if (!isMarked(text, file, MARKS[other])) return;
  const original = await readOriginal(file, backupFolder);
  if (original === undefined || isMarked(original, file, MARKS[other])) return;
  throw new ControlPlaneError(
    'CHANGED_SINCE',
    `${file}: \`bootstrap ${other}\` was applied later; run \`bootstrap ${other} --undo\` first`,
  );
}

/** Removes the gate's flags from a manifest that was edited after the roll-out. The other edits are kept. */
function unwire(wiring: NodeWiring, path: string, text: string, original: string): string {
  const before = parseApiServerManifest(original, path);
  const keepConfiguration = before.admissionConfigFile !== undefined;
  if (wiring === 'static')
    return unwireApiServer(text, path, { keepPlugin: true, keepConfiguration, annotation: MARKS.static });
  if (before.enabledPlugins.includes(IMAGE_POLICY_PLUGIN)) return text;
  return unwireApiServer(text, path, { keepConfiguration });
}
