import { IMAGE_POLICY_PLUGIN, parseApiServerManifest } from '../control-plane/api-server-manifest.ts';
import { FINGERPRINT, isMarked, unwireApiServer } from '../control-plane/api-server-wiring.ts';
import {
  type ChangesMade,
  makeChanges,
  readOriginal,
  type Reconciled,
  restoredError,
  undoChanges,
} from '../control-plane/change-files.ts';
import { ControlPlaneError } from '../control-plane/errors.ts';
import { comparePlan, findFile, resolveLinks, type PlannedFile } from '../control-plane/file-plan.ts';
import type { NodeCertificates } from '../control-plane/node-plan.ts';
import { requireOnlyServer } from '../control-plane/second-server.ts';
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
import { isInterruption, saying, type WhileChanging } from './interruption.ts';
import type { NodeCanaryVerdict, OnProgress } from './progress.ts';
import { findRefusedWorkloads } from './running-workloads.ts';

/** What an action on a control-plane node needs from its caller. */
export interface NodePorts {
  readonly onProgress: OnProgress;
  readonly waiting: Waiting;
  readonly whileChanging: WhileChanging;
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
 * @throws {ControlPlaneError} API_SERVER_MANIFEST_INVALID if another file beside the manifest runs kube-apiserver too;
 * GATE_NOT_READY or API_SERVER_NOT_READY, and `RolloutError` INTERRUPTED, with everything restored
 */
export async function rollOutImagePolicy(
  settings: NodeSettings,
  plan: ApplicablePlan,
  options: NodeRolloutOptions,
  ports: NodePorts,
): Promise<NodeRolloutResult> {
  const { cluster } = options;
  await requireOnlyServer(plan.manifest.path);
  if (cluster !== undefined && !(await acceptsWorkloads(settings, plan.policy, cluster, options, ports)))
    return { outcome: 'workloads-refused' };
  const why = await changeNode(plan.files, plan.manifest, ports, (running) =>
    findGateFault(settings, plan.certificates, running),
  );
  if (why !== undefined) return { outcome: 'gate-unanswered', why };
  if (cluster === undefined || ports.waiting.timeoutMs === 0) return { outcome: 'done' };
  // A user who interrupts this leaves a wired API server, as if the time were over.
  const isMet = await ports.whileChanging((interruption) =>
    proveOnNode(settings, cluster, interruptedBy(interruption, ports)),
  );
  return { outcome: isMet ? 'done' : 'not-proved' };
}

/**
 * Changes the files of the gate, waits for the gate, and then changes the manifest of the API server. If a step fails, or if
 * the user interrupts it, every file is restored.
 *
 * @param findFault waits for the gate, and returns why it does not answer; then the manifest is not changed
 * @throws {ControlPlaneError} the errors of {@link makeChanges}, API_SERVER_NOT_READY @throws {RolloutError} INTERRUPTED
 */
export function changeNode(
  files: readonly PlannedFile[],
  manifest: PlannedFile,
  ports: NodePorts,
  findFault: (ports: NodePorts) => Promise<string | undefined>,
): Promise<string | undefined> {
  return ports.whileChanging(async (interruption) => {
    const running = interruptedBy(interruption, ports);
    const made = await changeFiles(files, running);
    try {
      const pending = await comparePlan([manifest], running);
      if (made.paths.length === 0 && pending.length === 0) {
        ports.onProgress({ what: 'nothing-to-change' });
        return undefined;
      }
      const fault = await findFault(running);
      interruption.throwIfAborted();
      if (fault === undefined && pending.length > 0) await changeManifest(manifest, running);
      return fault;
    } catch (error) {
      throw await restore(made, error, ports);
    }
  });
}

function interruptedBy(interruption: AbortSignal, ports: NodePorts): NodePorts {
  return { ...ports, waiting: { ...ports.waiting, interruption } };
}

/** Restores the changed files. Returns the error, which names the files that could not be restored. */
async function restore(made: ChangesMade, error: unknown, { onProgress }: NodePorts): Promise<unknown> {
  const left = await made.rollBack();
  if (left.length === 0 && made.paths.length > 0) onProgress({ what: 'restored' });
  return restoredError(error, left);
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
): Promise<boolean> {
  const expected = stage === 'deny' ? 'refused' : 'admitted';
  let verdict: NodeCanaryVerdict = { outcome: 'not answered', message: '' };
  const isMet = await poll(waiting, async () => {
    verdict = await sendNodeCanary(cluster);
    return verdict.outcome === expected;
  }).catch((error: unknown) => {
    if (isInterruption(error)) return false;
    throw error;
  });
  const canary = { verdict, expected, isMet, stage } as const;
  onProgress({ what: 'node-canary', canary });
  return isMet;
}

/** Writes or removes the files that differ from the plan, and reports each one. */
async function changeFiles(plan: readonly PlannedFile[], ports: NodePorts): Promise<ChangesMade> {
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
 * waits for it. Otherwise the gate is called once.
 * @throws {ControlPlaneError} GATE_NOT_READY if the kubelet did not start it in time
 */
async function findGateFault(
  { runner, authority }: NodeSettings,
  certificates: NodeCertificates,
  { onProgress, waiting }: NodePorts,
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
  throw new ControlPlaneError(
    'GATE_NOT_READY',
    `the gate does not answer: ${why}; check that the node has image ${runner.image}`,
  );
}

/**
 * Changes the manifest of the API server and waits until the API server is ready again.
 * @throws {ControlPlaneError} API_SERVER_NOT_READY, with the manifest restored @throws {RolloutError} INTERRUPTED, likewise
 */
async function changeManifest(manifest: PlannedFile, ports: NodePorts): Promise<void> {
  const { onProgress, waiting } = ports;
  const server = addressOfApiServer(parseApiServerManifest(manifest.content ?? '', manifest.path));
  const isReady = (): Promise<boolean> => isApiServerReady(server);
  const isStopped = !(await isReady());
  const made = await changeFiles([manifest], ports);
  if (waiting.timeoutMs === 0) return;
  onProgress({ what: 'waiting', for: 'api-server' });
  let interruption: unknown;
  try {
    if (await awaitRestart(isReady, { isStopped }, waiting)) return;
  } catch (error) {
    interruption = error;
  }
  onProgress({ what: 'restoring' });
  const left = await made.rollBack();
  // The gate's files are restored only then. An API server that was not ready before is not waited for.
  const isBack = !isStopped && (await poll({ ...waiting, interruption: undefined }, isReady));
  const error =
    interruption ??
    new ControlPlaneError(
      'API_SERVER_NOT_READY',
      `the API server at ${server.host} did not become ready within ${waiting.timeoutMs / 1000} s after the change of its manifest; it is ${isBack ? 'ready again' : 'not ready yet'}`,
    );
  throw restoredError(error, left);
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
  const awaitServer = async (interruption: AbortSignal): Promise<void> => {
    if (server === undefined || waiting.timeoutMs === 0) return;
    onProgress({ what: 'waiting', for: 'api-server' });
    const isReady = () => isApiServerReady(server);
    if (!(await awaitRestart(isReady, { isStopped }, { ...waiting, interruption })))
      throw new ControlPlaneError(
        'API_SERVER_NOT_READY',
        `the API server at ${server.host} did not become ready within ${waiting.timeoutMs / 1000} s after its manifest was restored; the gate's files were not removed: run this command again`,
      );
  };
  const change = (interruption: AbortSignal) =>
    undoChanges({
      ...ports,
      withoutGate,
      ...(force ? { reconcile } : {}),
      onRestored: async (path, what) => {
        onProgress({ what: 'file', path, change: what });
        if (path === manifestFile) await awaitServer(interruption);
      },
    });
  try {
    await ports.whileChanging(change);
  } catch (error) {
    throw saying(
      error,
      "the API server's manifest is restored, and the gate's files are not removed: run this command again",
    );
  }
}

/** The manifest; `undefined` if it is missing or not readable. Then there is no API server to wait for. */
async function readManifest(
  file: string,
): Promise<
  { readonly text: string; readonly manifest: ReturnType<typeof parseApiServerManifest> } | undefined
> {
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
