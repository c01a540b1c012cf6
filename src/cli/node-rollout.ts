import { basename } from 'node:path';
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
import { comparePlan, findFile, placeOf, type PlannedFile } from '../control-plane/file-plan.ts';
import type { NodeCertificates } from '../control-plane/node-plan.ts';
import { STATIC_FINGERPRINT } from '../control-plane/static-webhook-plan.ts';
import { DocumentError } from '../document/yaml.ts';
import type { NodeSettings } from './image-policy-settings.ts';
import {
  addressOfApiServer,
  askGate,
  awaitRestart,
  isApiServerReady,
  poll,
  type Waiting,
} from './node-probes.ts';
import type { ExitCode } from './streams.ts';

/** What is needed to change a node. */
export interface NodeSurroundings {
  readonly tell: (line: string) => void;
  readonly waiting: Waiting;
  readonly backupFolder: string;
  readonly isRoot: boolean;
  readonly force: boolean;
}

/** What is to be on a node. */
export interface NodeRollout {
  readonly settings: NodeSettings;
  readonly certificates: NodeCertificates;
  /** Everything but the manifest of the API server. */
  readonly files: readonly PlannedFile[];
  readonly manifest: PlannedFile;
}

/**
 * Changes a node: the gate first, then, once it answers, the API server; what does not come up is put back as it was.
 *
 * @throws {ControlPlaneError} GATE_NOT_READY or API_SERVER_NOT_READY, with everything put back; and what
 * {@link makeChanges} throws.
 */
export async function rollOutOnNode(rollout: NodeRollout, surroundings: NodeSurroundings): Promise<ExitCode> {
  const gate = await change(rollout.files, surroundings);
  const pending = await comparePlan([rollout.manifest], surroundings);
  if (gate.paths.length === 0 && pending.length === 0) {
    surroundings.tell('nothing to change');
    return 0;
  }
  if (!(await hasGate(rollout, surroundings, gate))) return 1;
  if (pending.length === 0) return 0;
  await changeManifest(rollout.manifest, surroundings, gate);
  return 0;
}

/** Makes what is not as it should be so, and tells of it. */
export async function change(
  plan: readonly PlannedFile[],
  surroundings: NodeSurroundings,
): Promise<ChangesMade> {
  const changes = await comparePlan(plan, surroundings);
  const made = await makeChanges(changes, surroundings);
  for (const { file, before } of changes) {
    const verb = before === undefined ? 'created' : file.content === undefined ? 'removed' : 'changed';
    surroundings.tell(`${verb.padEnd(8)} ${file.path}`);
  }
  return made;
}

/** A gate that the kubelet starts has to come up; of one that somebody else starts we say so, and stop. */
async function hasGate(
  { settings, certificates }: NodeRollout,
  { tell, waiting }: NodeSurroundings,
  made: ChangesMade,
): Promise<boolean> {
  if (waiting.timeoutMs === 0) return true;
  const { runner, authority } = settings;
  const server = new URL(`https://${authority}`);
  let why = '';
  const isThere = async (): Promise<boolean> => {
    const answer = await askGate(server, certificates);
    why = answer.outcome === 'silent' ? answer.why : '';
    return answer.outcome === 'answers';
  };
  if (runner.kind === 'static-pod') {
    tell('waiting until the gate answers');
    if (await poll(waiting, isThere)) return true;
    await made.rollBack();
    throw new ControlPlaneError(
      'GATE_NOT_READY',
      `the gate does not answer, so everything was put back: ${why} (is image ${runner.image} on the node?)`,
    );
  }
  if (await isThere()) return true;
  tell(
    runner.kind === 'systemd'
      ? `the gate does not answer yet (${why}), so the API server was left alone: run \`systemctl daemon-reload && systemctl enable --now ${basename(settings.places.gateUnit)}\`, then this again`
      : `no gate answers (${why}), so the API server was left alone: start it with the files of ${settings.places.folder}, then run this again`,
  );
  return false;
}

/**
 * Changes the manifest of the API server and waits until it is back.
 * @throws {ControlPlaneError} API_SERVER_NOT_READY, with everything put back, what was changed before among it.
 */
export async function changeManifest(
  manifest: PlannedFile,
  surroundings: NodeSurroundings,
  gate: ChangesMade,
): Promise<void> {
  const { tell, waiting } = surroundings;
  const server = addressOfApiServer(parseApiServerManifest(manifest.content ?? '', manifest.path));
  const isReady = (): Promise<boolean> => isApiServerReady(server);
  const isGone = !(await isReady());
  const made = await change([manifest], surroundings);
  if (waiting.timeoutMs === 0) return;
  tell('waiting until the API server is back');
  if (await awaitRestart(isReady, { isGone }, waiting)) return;
  tell('it is not: putting everything back');
  await made.rollBack();
  const isBack = await poll(waiting, isReady);
  await gate.rollBack();
  throw new ControlPlaneError(
    'API_SERVER_NOT_READY',
    `the API server at ${server.host} did not become ready within ${waiting.timeoutMs / 1000} s of its new manifest, so everything was put back${isBack ? ', and it is ready again' : '; it is not ready yet'}`,
  );
}

/** What of ours stands in a manifest. */
export type NodeWiring = 'image-policy' | 'static';

const MARKS: Readonly<Record<NodeWiring, string>> = {
  'image-policy': FINGERPRINT,
  static: STATIC_FINGERPRINT,
};

/**
 * Puts every file of a node back as it was, the API server's manifest first, so that it does without the gate before
 * the gate goes.
 *
 * @throws {ControlPlaneError} as {@link undoChanges} does; CHANGED_SINCE also when another wiring was made on top of
 * this one; API_SERVER_NOT_READY with the rest left as it is.
 */
export async function undoOnNode(
  wiring: NodeWiring,
  manifestPath: string,
  surroundings: NodeSurroundings,
): Promise<ExitCode> {
  const { tell, waiting, force } = surroundings;
  const manifestFile = await placeOf(manifestPath);
  const current = await readManifest(manifestFile);
  if (current !== undefined) await refuseCovered(wiring, manifestFile, current.text, surroundings);
  const server = current && addressOfApiServer(current.manifest);
  const isGone = server === undefined || !(await isApiServerReady(server));
  const withoutUs = (path: string, text: string, original: string): string =>
    path === manifestFile ? unwire(wiring, path, text, original) : text;
  const reconcile = (path: string, text: string, original: string | undefined): Reconciled =>
    path === manifestFile && original !== undefined && current !== undefined
      ? { kind: 'text', text: withoutUs(path, text, original) }
      : { kind: 'original' };
  await undoChanges({
    ...surroundings,
    withoutUs,
    ...(force ? { reconcile } : {}),
    onRestored: async (path, what) => {
      tell(`${what.padEnd(8)} ${path}`);
      if (path !== manifestFile || server === undefined || waiting.timeoutMs === 0) return;
      tell('waiting until the API server is back');
      if (await awaitRestart(() => isApiServerReady(server), { isGone }, waiting)) return;
      throw new ControlPlaneError(
        'API_SERVER_NOT_READY',
        `the API server at ${server.host} did not become ready within ${waiting.timeoutMs / 1000} s of its old manifest; the gate's files were left, run this again`,
      );
    },
  });
  return 0;
}

/** The manifest as it is; `undefined` when there is none that can be read, and so nobody to wait for. */
async function readManifest(
  file: string,
): Promise<{ readonly text: string; readonly manifest: ApiServerManifest } | undefined> {
  const text = (await findFile(file))?.content.toString();
  if (text === undefined) return undefined;
  try {
    return { text, manifest: parseApiServerManifest(text, file) };
  } catch (error) {
    // Whoever undoes may be mending just that.
    if (error instanceof ControlPlaneError || error instanceof DocumentError) return undefined;
    throw error;
  }
}

/** What another wiring built on goes after it: without it the API server would look for files that are gone. */
async function refuseCovered(
  wiring: NodeWiring,
  file: string,
  text: string,
  { backupFolder }: NodeSurroundings,
): Promise<void> {
  const other = wiring === 'static' ? 'image-policy' : 'static';
  if (!isMarked(text, file, MARKS[other])) return;
  const original = await readOriginal(file, backupFolder);
  if (original === undefined || isMarked(original, file, MARKS[other])) return;
  throw new ControlPlaneError(
    'CHANGED_SINCE',
    `${file}: \`bootstrap ${other}\` was applied on top of this; run \`bootstrap ${other} --undo\` first`,
  );
}

/** A manifest that somebody else wrote anew keeps what they wrote, and loses what is ours. */
function unwire(wiring: NodeWiring, path: string, text: string, original: string): string {
  const before = parseApiServerManifest(original, path);
  const keepConfiguration = before.admissionConfigFile !== undefined;
  if (wiring === 'static')
    return unwireApiServer(text, path, { keepPlugin: true, keepConfiguration, annotation: MARKS.static });
  if (before.enabledPlugins.includes(IMAGE_POLICY_PLUGIN)) return text;
  return unwireApiServer(text, path, { keepConfiguration });
}
