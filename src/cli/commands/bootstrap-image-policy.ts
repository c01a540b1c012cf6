import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeFiles } from '../../control-plane/change-files.ts';
import { comparePlan, findFile, type PlannedFile, renderChanges } from '../../control-plane/file-plan.ts';
import { GATE_FILES } from '../../control-plane/gate-command.ts';
import { kubeadmVersionOf } from '../../control-plane/kubeadm.ts';
import { type ApiServerPlan, planApiServer, planGate } from '../../control-plane/node-plan.ts';
import { parseApiServerManifest } from '../../control-plane/api-server-manifest.ts';
import { renderYaml } from '../../document/render.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { parseKubernetesVersion } from '../../kubernetes/version.ts';
import { parsePolicy, readPolicyText } from '../../policy/load.ts';
import { KUBE_SYSTEM_MODES } from '../../webhook/configuration.ts';
import { languageNotes } from '../bootstrap-language.ts';
import { signatureFrom } from '../cluster-signature.ts';
import { defaultNodePolicy } from '../default-node-policy.ts';
import { imagePolicyPath } from '../../wiring/paths.ts';
import { mayBite, proveOnNode } from '../node-canary.ts';
import type { ImagePolicyOptions } from '../image-policy-options.ts';
import {
  decodeNodeSettings,
  decodePlaces,
  type NodeSettings,
  refuseConflicts,
} from '../image-policy-settings.ts';
import { describeWay, prepareNodeCertificates } from '../node-certificates.ts';
import { type NodeSurroundings, rollOutOnNode, undoOnNode } from '../node-rollout.ts';
import type { ExitCode, Streams } from '../streams.ts';
import { decodeNumber } from '../number-setting.ts';
import { SettingsError } from '../settings-error.ts';
import { NEWEST_KUBERNETES } from '../webhook-settings.ts';

/** Shows, writes, applies or undoes everything that `ImagePolicyWebhook` needs on a control-plane node. */
export async function bootstrapImagePolicy(options: ImagePolicyOptions, streams: Streams): Promise<ExitCode> {
  refuseConflicts(options);
  const clock = startClock();
  const surroundings = surroundingsFor(options, streams, clock);
  if (options.undo === true) {
    const { manifest } = decodePlaces(options);
    const code = await undoOnNode('image-policy', manifest, surroundings);
    surroundings.tell(clock.render());
    return code;
  }
  const settings = await decodeNodeSettings(options);
  const cluster = await openChosenCluster(options);
  const plan = await planNode(options, settings, cluster, surroundings);
  for (const note of notesOf(options, settings, plan)) surroundings.tell(`note: ${note}`);
  if (options.out !== undefined) return writeOut(options.out, plan.all, surroundings);
  if (options.apply !== true) {
    const changes = await comparePlan(plan.all, surroundings);
    streams.stdout.write(renderChanges(changes));
    surroundings.tell(changes.length === 0 ? 'nothing to change' : 'nothing was changed; --apply does it');
    return 0;
  }
  return applyToNode(plan, { options, settings, cluster, surroundings, clock });
}

interface NodePlan {
  readonly certificates: Awaited<ReturnType<typeof prepareNodeCertificates>>;
  readonly policy: string;
  readonly files: readonly PlannedFile[];
  readonly manifest: PlannedFile | undefined;
  readonly all: readonly PlannedFile[];
}

async function planNode(
  options: ImagePolicyOptions,
  settings: NodeSettings,
  cluster: KubernetesClient | undefined,
  { tell, force, waiting }: NodeSurroundings,
): Promise<NodePlan> {
  const { places } = settings;
  // Below the folder of --out everything stands where it will on the node.
  const folder = join(options.out ?? '/', places.folder);
  const isWritten = options.apply === true || options.out !== undefined;
  const certificates = await prepareNodeCertificates(settings, {
    folder,
    force,
    now: () => new Date(),
    requestSignature:
      isWritten && cluster !== undefined ? signatureFrom({ cluster, tell, ...waiting }) : undefined,
  });
  const policy = await choosePolicyText(options, join(folder, GATE_FILES.policy));
  const { gate, runner } = settings;
  const gateFiles = planGate({ places, gate, runner, certificates, policy });
  const server = await planApiServer({
    places,
    server: `https://${settings.authority}${imagePolicyPath(settings.stage)}`,
    settings: settings.imagePolicy,
    trust: certificates?.trust,
    kubeadm: kubeadmVersionOf(await minorOf(settings)),
    isElsewhere: options.out !== undefined,
  });
  return { certificates, policy, ...joined(gateFiles, server) };
}

function joined(
  gate: readonly PlannedFile[],
  { files, manifest }: ApiServerPlan,
): Pick<NodePlan, 'files' | 'manifest' | 'all'> {
  const before = [...files, ...gate];
  return { files: before, manifest, all: manifest === undefined ? before : [...before, manifest] };
}

/** What somebody made of the default policy is theirs: no option but --policy takes its place. */
async function choosePolicyText(options: ImagePolicyOptions, file: string): Promise<string> {
  const found = (await findFile(file))?.content.toString();
  const defaults = KUBE_SYSTEM_MODES.map((mode) => renderYaml(defaultNodePolicy(mode)));
  const isOurs = found === undefined || (defaults.includes(found) && options.kubeSystem !== undefined);
  const fallback = isOurs ? renderYaml(defaultNodePolicy(options.kubeSystem ?? 'warn')) : found;
  const text = options.policy === undefined ? fallback : await readPolicyText(options.policy);
  await parsePolicy(text, options.policy ?? file);
  return text;
}

/** The version that the node runs, as far as its manifest says. */
async function minorOf({ version, places }: NodeSettings): Promise<number> {
  if (version !== undefined) return version.minor;
  const found = await findFile(places.manifest);
  if (found === undefined) return NEWEST_KUBERNETES.minor;
  const { image } = parseApiServerManifest(found.content.toString(), places.manifest);
  return parseKubernetesVersion(image?.split(':').at(-1) ?? '')?.minor ?? NEWEST_KUBERNETES.minor;
}

async function writeOut(
  out: string,
  plan: readonly PlannedFile[],
  { tell, isRoot, force }: NodeSurroundings,
): Promise<ExitCode> {
  const below = plan.map((file) => ({ ...file, path: join(out, file.path) }));
  const changes = await comparePlan(below, { isRoot });
  await writeFiles(changes, { isRoot, force });
  for (const { file } of changes) tell(`wrote ${file.path}`);
  if (changes.length === 0) tell('nothing to change');
  return 0;
}

interface ApplySurroundings {
  readonly options: ImagePolicyOptions;
  readonly settings: NodeSettings;
  readonly cluster: KubernetesClient | undefined;
  readonly surroundings: NodeSurroundings;
  readonly clock: Clock;
}

async function applyToNode(
  { certificates, policy, files, manifest }: NodePlan,
  { options, settings, cluster, surroundings, clock }: ApplySurroundings,
): Promise<ExitCode> {
  if (certificates === undefined || manifest === undefined)
    throw new SettingsError('SETTINGS_CONFLICT', '--signer asks a cluster: give --kubeconfig as well');
  const { tell } = surroundings;
  if (cluster === undefined)
    tell('note: without --kubeconfig nobody judges what runs already, and nothing is proved');
  else if (!(await mayBite({ settings, policy, cluster, tell, yes: options.yes === true }))) return 1;
  const code = await rollOutOnNode({ settings, certificates, files, manifest }, surroundings);
  const isProvable = code === 0 && cluster !== undefined && settings.timeoutMs > 0;
  const proved = isProvable ? await proveOnNode(settings, cluster, surroundings) : code;
  tell(clock.render());
  return proved;
}

/** Apart from what takes long elsewhere, this takes no time worth speaking of; so both are told. */
interface Clock {
  readonly elapsed: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly render: () => string;
  readonly waited: (ms: number) => void;
}

function startClock(): Clock {
  const start = performance.now();
  let waitedMs = 0;
  return {
    elapsed: () => performance.now(),
    sleep: async (ms) => delay(ms),
    waited: (ms) => {
      waitedMs += ms;
    },
    render: () => {
      const own = (performance.now() - start - waitedMs) / 1000;
      return `done in ${own.toFixed(2)} s, and ${(waitedMs / 1000).toFixed(2)} s of waiting for others`;
    },
  };
}

function surroundingsFor(options: ImagePolicyOptions, { stderr }: Streams, clock: Clock): NodeSurroundings {
  return {
    tell: (line) => void stderr.write(`${line}\n`),
    waiting: {
      sleep: clock.sleep,
      elapsed: clock.elapsed,
      waited: clock.waited,
      timeoutMs: decodeNumber('--timeout', options.timeout, 0, 3600) * 1000,
    },
    backupFolder: join(options.folder, 'backup'),
    isRoot: process.getuid?.() === 0,
    force: options.force === true,
  };
}

async function openChosenCluster({
  kubeconfig,
  context,
}: ImagePolicyOptions): Promise<KubernetesClient | undefined> {
  if (kubeconfig === undefined && context === undefined) return undefined;
  return (await import('../../kubernetes/config.ts')).openCluster({ kubeconfig, context });
}

function notesOf(
  options: ImagePolicyOptions,
  { way, runner, gate, stage }: NodeSettings,
  plan: NodePlan,
): string[] {
  return [
    describeWay(way),
    ...languageNotes(gate.language),
    ...(runner.kind === 'none' && gate.language !== undefined
      ? ['--language is for a gate that is started here: start yours with it']
      : []),
    ...(plan.certificates === undefined
      ? ['the serving certificate is still to be signed, and not shown']
      : []),
    ...(plan.manifest === undefined
      ? [`there is no ${options.manifest} here: wire it as kubeadm/patches says, or run --apply on the node`]
      : []),
    ...(runner.kind === 'static-pod' && !runner.image.includes('@')
      ? [`--image ${runner.image} is not pinned: add its digest`]
      : []),
    ...(stage === 'deny' && options.defaultAllow === true
      ? ['--default-allow: pods pass unseen while the gate does not answer']
      : []),
    ...(process.getuid?.() === 0 || runner.kind !== 'static-pod'
      ? []
      : [`pki/tls.key has to belong to user 65532, who runs the gate`]),
  ];
}
