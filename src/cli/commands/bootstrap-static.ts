import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseCertificates, renderBundle } from '../../certificate/inspect.ts';
import { parseApiServerManifest } from '../../control-plane/api-server-manifest.ts';
import { writeFiles } from '../../control-plane/change-files.ts';
import { comparePlan, findFile, renderChanges } from '../../control-plane/file-plan.ts';
import { GATE_FILES } from '../../control-plane/gate-command.ts';
import {
  planStaticWebhook,
  STATIC_FOLDER,
  type StaticWebhookPlan,
} from '../../control-plane/static-webhook-plan.ts';
import { renderYaml } from '../../document/render.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { isAtLeast, parseKubernetesVersion, type KubernetesVersion } from '../../kubernetes/version.ts';
import { defaultPolicyDocument } from '../../policy/default-policy.ts';
import { parsePolicy, readPolicyText } from '../../policy/load.ts';
import type { Policy } from '../../policy/policy.ts';
import { nodeFilesIn, renderWebhookKubeconfig } from '../../webhook/api-server-client.ts';
import {
  renderStaticConfiguration,
  uncoveredNamespaces,
  type WiringRequest,
} from '../../webhook/configuration.ts';
import { untilCanary } from '../../webhook/install.ts';
import { isStageUp } from '../../wiring/paths.ts';
import { readWiring } from '../../webhook/wiring-in-force.ts';
import { isObject } from '../../document/json.ts';
import { splitList } from '../chosen-policy.ts';
import { change, changeManifest, undoOnNode, type NodeSurroundings } from '../node-rollout.ts';
import { findRefusedWorkloads, renderRefusedWorkloads } from '../running-workloads.ts';
import { decodeNumber } from '../number-setting.ts';
import { readSetting, requirePem } from '../settings.ts';
import { SettingsError } from '../settings-error.ts';
import type { StaticOptions } from '../static-options.ts';
import type { ExitCode, Streams } from '../streams.ts';
import {
  decodeNamespace,
  decodeOrigin,
  decodeVersion,
  NEWEST_KUBERNETES,
  requireAbsolute,
} from '../webhook-settings.ts';
import { parseDocuments } from '../../document/yaml.ts';
import type { KubernetesObject } from '../../kubernetes/object.ts';

const FEATURE_GATE = 'ManifestBasedAdmissionControlConfig';
const CANARY_NAMESPACE = 'default';

/** Shows, writes, applies or undoes a webhook configuration that the API server of a node reads from a file. */
export async function bootstrapStatic(
  options: StaticOptions,
  { stdout, stderr }: Streams,
): Promise<ExitCode> {
  const surroundings = surroundingsFor(options, (line) => void stderr.write(`${line}\n`));
  refuseConflicts(options);
  if (options.undo === true) return undoOnNode('static', options.manifest, surroundings);
  const version = await requireVersion(options);
  const policy = await choosePolicy(options);
  const request = await decodeRequest(options, version, policy);
  const plan = await planFor(options, request);
  const all = plan.manifest === undefined ? plan.files : [...plan.files, plan.manifest];
  if (options.out !== undefined) {
    const { out } = options;
    const below = all.map((file) => Object.assign({}, file, { path: join(out, file.path) }));
    const changes = await comparePlan(below, surroundings);
    await writeFiles(changes, surroundings);
    for (const { file } of changes) surroundings.tell(`wrote ${file.path}`);
    return 0;
  }
  if (options.apply !== true) {
    const changes = await comparePlan(all, surroundings);
    stdout.write(renderChanges(changes));
    surroundings.tell(changes.length === 0 ? 'nothing to change' : 'nothing was changed; --apply does it');
    return 0;
  }
  return applyToNode(plan, { options, request, policy, surroundings });
}

function surroundingsFor(options: StaticOptions, tell: (line: string) => void): NodeSurroundings {
  return {
    tell,
    waiting: {
      sleep: async (ms) => delay(ms),
      elapsed: () => performance.now(),
      waited: () => undefined,
      timeoutMs: decodeNumber('--timeout', options.timeout, 0, 3600) * 1000,
    },
    // A record of its own: undoing this wiring leaves the others of the node as they are.
    backupFolder: join(options.folder, 'backup', 'static'),
    isRoot: process.getuid?.() === 0,
    force: options.force === true,
  };
}

function refuseConflicts({ apply, undo, out, url, yes, folder, manifest }: StaticOptions): void {
  requireAbsolute('--folder', folder);
  requireAbsolute('--manifest', manifest);
  const modes = [apply === true, undo === true, out !== undefined].filter(Boolean).length;
  if (modes > 1) throw conflict('--apply, --undo and --out contradict each other: give one of them');
  if (yes === true && apply !== true) throw conflict('--yes is for --apply');
  if (url === undefined && undo !== true)
    throw conflict('--url is missing: a webhook from a file has no Service, so it needs https://host:port');
}

/** The version of the node, which has to read such files; on 1.36 only behind a feature gate. */
async function requireVersion({
  kubernetesVersion,
  manifest,
  out,
}: StaticOptions): Promise<KubernetesVersion> {
  const found = await findFile(manifest);
  const wired = found && parseApiServerManifest(found.content.toString(), manifest);
  const ofImage = parseKubernetesVersion(wired?.image?.split(':').at(-1) ?? '');
  const version =
    kubernetesVersion === undefined ? (ofImage ?? NEWEST_KUBERNETES) : decodeVersion(kubernetesVersion);
  if (!isAtLeast(version, 1, 36)) {
    throw conflict(
      `Kubernetes ${version.text} reads no webhook configuration from a file: 1.37 does, and 1.36 with feature gate ${FEATURE_GATE}; use \`bootstrap webhook\` or \`bootstrap image-policy\``,
    );
  }
  const gates = wired?.flag('feature-gates')?.value ?? '';
  if (!isAtLeast(version, 1, 37) && out === undefined && !gates.includes(`${FEATURE_GATE}=true`))
    throw conflict(
      `on Kubernetes ${version.text} give kube-apiserver --feature-gates=${FEATURE_GATE}=true first`,
    );
  return version;
}

async function choosePolicy({ policy, folder }: StaticOptions): Promise<Policy> {
  if (policy !== undefined) return parsePolicy(await readPolicyText(policy), policy);
  const file = join(folder, GATE_FILES.policy);
  const found = await findFile(file);
  if (found !== undefined) return parsePolicy(found.content.toString(), file);
  return parsePolicy(renderYaml(defaultPolicyDocument([])), 'the default policy');
}

async function decodeRequest(
  options: StaticOptions,
  version: KubernetesVersion,
  policy: Policy,
): Promise<WiringRequest> {
  const file = options.caCert ?? join(options.folder, GATE_FILES.authority);
  const trust = await readSetting('--ca-cert', file);
  requirePem('--ca-cert', file, () => parseCertificates(trust));
  return {
    address: { form: 'url', origin: decodeOrigin(options.url ?? '') },
    policy,
    version,
    stage: options.stage,
    kubeSystem: options.kubeSystem,
    exemptNamespaces: splitList(options.exemptNamespaces ?? '').map((name) =>
      decodeNamespace('--exempt-namespaces', name),
    ),
    timeoutSeconds: decodeNumber('--timeout-seconds', options.timeoutSeconds, 1, 30),
    trust: renderBundle(parseCertificates(trust)),
  };
}

/** A gate of `bootstrap image-policy` lets in the API server alone, whose pair is in the same folder. */
async function planFor(options: StaticOptions, request: WiringRequest): Promise<StaticWebhookPlan> {
  const { folder, manifest } = options;
  const files = nodeFilesIn(folder);
  const hasClient = (await findFile(files.clientCertificate)) !== undefined;
  return planStaticWebhook({
    folder,
    manifest,
    configuration: renderYaml(renderStaticConfiguration(request)),
    kubeconfig: hasClient
      ? { path: files.kubeconfig, text: renderYaml(renderWebhookKubeconfig(request.address, files)) }
      : undefined,
  });
}

interface ApplyOptions {
  readonly options: StaticOptions;
  readonly request: WiringRequest;
  readonly policy: Policy;
  readonly surroundings: NodeSurroundings;
}

async function applyToNode(plan: StaticWebhookPlan, applied: ApplyOptions): Promise<ExitCode> {
  const { options, surroundings } = applied;
  if (plan.manifest === undefined)
    throw conflict(
      `there is no ${options.manifest} here: --manifest names it, --out writes files for another machine`,
    );
  const cluster = await openChosenCluster(options);
  if (cluster === undefined)
    surroundings.tell('note: without --kubeconfig nobody judges what runs already, and nothing is proved');
  else if (!(await mayBite(cluster, applied))) return 1;
  const made = await change(plan.files, surroundings);
  const pending = await comparePlan([plan.manifest], surroundings);
  if (made.paths.length === 0 && pending.length === 0) surroundings.tell('nothing to change');
  if (pending.length > 0) await changeManifest(plan.manifest, surroundings, made);
  return cluster === undefined ? 0 : prove(cluster, applied);
}

async function openChosenCluster({
  kubeconfig,
  context,
}: StaticOptions): Promise<KubernetesClient | undefined> {
  if (kubeconfig === undefined && context === undefined) return undefined;
  return (await import('../../kubernetes/config.ts')).openCluster({ kubeconfig, context });
}

async function mayBite(
  cluster: KubernetesClient,
  { options, request, policy, surroundings }: ApplyOptions,
): Promise<boolean> {
  const { stage } = request;
  const file = join(options.folder, STATIC_FOLDER, 'kube-image-bouncer.yaml');
  const found = await findFile(file);
  const there = found && parseDocuments(found.content.toString(), file)[0]?.value;
  const inForce = isObject(there) ? readWiring(there as unknown as KubernetesObject)?.stage : undefined;
  if (stage === 'audit' || !isStageUp(inForce, stage)) return true;
  const uncovered = new Set(uncoveredNamespaces(request));
  if (request.kubeSystem === 'warn') uncovered.add('kube-system');
  const isCovered = (namespace: string): boolean => !uncovered.has(namespace);
  const workloads = await findRefusedWorkloads(cluster, policy, { isCovered });
  surroundings.tell(renderRefusedWorkloads(workloads).trimEnd());
  if (workloads.refused.length === 0 || stage !== 'deny' || options.yes === true) return true;
  surroundings.tell('nothing was changed: mend them, begin with --stage warn, or go on with --yes');
  return false;
}

/** The API server reads a changed file within a minute. */
async function prove(
  cluster: KubernetesClient,
  { request, surroundings: { tell, waiting } }: ApplyOptions,
): Promise<ExitCode> {
  const expected = { deny: 'refused', warn: 'warned', audit: undefined } as const;
  const outcome = expected[request.stage];
  if (outcome === undefined || uncoveredNamespaces(request).includes(CANARY_NAMESPACE)) return 0;
  const { verdict, isMet } = await untilCanary(cluster, CANARY_NAMESPACE, [outcome], waiting);
  const cause = 'message' in verdict ? `: ${verdict.message}` : '';
  tell(
    isMet
      ? `proved: a pod with a forbidden image is ${outcome}`
      : `not proved: a pod with a forbidden image is ${verdict.outcome}, and should be ${outcome}${cause} (--undo takes everything back)`,
  );
  return isMet ? 0 : 1;
}

function conflict(message: string): SettingsError {
  return new SettingsError('SETTINGS_CONFLICT', message);
}
