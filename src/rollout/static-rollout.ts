import { join } from 'node:path';
import { parseApiServerManifest } from '../control-plane/api-server-manifest.ts';
import type { Owner } from '../control-plane/distribution.ts';
import { findFile, type PlannedFile } from '../control-plane/file-plan.ts';
import { GATE_FILES } from '../control-plane/gate-command.ts';
import { requireOnlyServer } from '../control-plane/second-server.ts';
import { planStaticWebhook, STATIC_FOLDER } from '../control-plane/static-webhook-plan.ts';
import { isObject } from '../document/json.ts';
import { renderYaml } from '../document/render.ts';
import { parseDocuments } from '../document/yaml.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import {
  isAtLeast,
  NEWEST_KUBERNETES,
  parseKubernetesVersion,
  type KubernetesVersion,
} from '../kubernetes/version.ts';
import { defaultPolicyDocument } from '../policy/default-policy.ts';
import { parsePolicy } from '../policy-source/load.ts';
import type { Policy } from '../policy/policy.ts';
import { nodeFilesIn, renderWebhookKubeconfig } from '../webhook/api-server-client.ts';
import {
  renderStaticConfiguration,
  uncoveredNamespaces,
  type WiringRequest,
} from '../webhook/configuration.ts';
import { isStageUp } from '../wiring/paths.ts';
import { readWiring } from '../webhook/wiring-in-force.ts';
import { CANARY_NAMESPACE, expectedOutcome, untilCanary } from './install.ts';
import {
  changeNode,
  type NodePorts,
  type NodeRolloutOptions,
  type NodeRolloutResult,
} from './node-rollout.ts';
import { interruptible, saying } from './interruption.ts';
import { RolloutError } from './progress.ts';
import { findRefusedWorkloads } from './running-workloads.ts';
import type { PolicyText } from './webhook-plan.ts';

/** The settings of a webhook that the API server reads from a file. */
export interface StaticSettings extends Omit<WiringRequest, 'policy' | 'version' | 'annotations'> {
  /** The gate's folder on the node. */
  readonly folder: string;
  /** Static pod manifest of kube-apiserver. */
  readonly manifest: string;
  /** @default the policy in the folder, otherwise the default policy */
  readonly policy: PolicyText | undefined;
  /** @default the version of the API server's image, otherwise the newest one that is known */
  readonly version: KubernetesVersion | undefined;
  /** Whether the files are for another machine. Then the flags of this API server are not checked. */
  readonly isElsewhere: boolean;
}

/** All files of the wiring, as values. Nothing is written yet. */
export interface StaticPlan {
  readonly request: WiringRequest & { readonly policy: Policy };
  /** All files except the API server's manifest. */
  readonly files: readonly PlannedFile[];
  /** `undefined` if this machine has no manifest. */
  readonly manifest: PlannedFile | undefined;
  /** The tool that owns the manifest. */
  readonly owner: Owner | undefined;
}

const FEATURE_GATE = 'ManifestBasedAdmissionControlConfig';

/**
 * Plans the files of a node.
 * @throws {RolloutError} VERSION_UNSUPPORTED, FEATURE_GATE_MISSING
 * @throws {ControlPlaneError} @throws {PolicyFileError}
 */
export async function planStatic(settings: StaticSettings): Promise<StaticPlan> {
  const { folder, manifest } = settings;
  const version = await requireVersion(settings);
  const { text, file } = settings.policy ?? (await findPolicyText(folder));
  const request = { ...settings, version, policy: await parsePolicy(text, file) };
  const files = nodeFilesIn(folder);
  // A gate of `bootstrap image-policy` accepts only the API server, whose client pair is in the same folder.
  const hasClient = (await findFile(files.clientCertificate)) !== undefined;
  const plan = await planStaticWebhook({
    folder,
    manifest,
    configuration: renderYaml(renderStaticConfiguration(request)),
    kubeconfig: hasClient
      ? { path: files.kubeconfig, text: renderYaml(renderWebhookKubeconfig(request.address, files)) }
      : undefined,
  });
  return { request, ...plan };
}

/**
 * Applies a plan on this node: judges the running workloads, changes the files, waits for the API server if its
 * manifest changes, and sends the canary.
 * @throws {ControlPlaneError} API_SERVER_MANIFEST_INVALID if another file beside the manifest runs kube-apiserver too;
 * API_SERVER_NOT_READY, with everything restored
 */
export async function rollOutStatic(
  { folder }: StaticSettings,
  plan: StaticPlan & { readonly manifest: PlannedFile },
  { cluster, yes }: NodeRolloutOptions,
  ports: NodePorts,
): Promise<NodeRolloutResult> {
  await requireOnlyServer(plan.manifest.path);
  if (cluster !== undefined && !(await acceptsWorkloads(folder, plan, cluster, ports)) && !yes)
    return { outcome: 'workloads-refused' };
  await changeNode(plan.files, plan.manifest, ports, async () => undefined);
  const isProved = cluster === undefined || (await prove(plan.request, cluster, ports));
  return { outcome: isProved ? 'done' : 'not-proved' };
}

/** API servers read webhook configurations from files since 1.37. Version 1.36 needs a feature gate. */
async function requireVersion({
  version,
  manifest,
  isElsewhere,
}: StaticSettings): Promise<KubernetesVersion> {
  const found = await findFile(manifest);
  const wired = found && parseApiServerManifest(found.content.toString(), manifest);
  const known = version ?? parseKubernetesVersion(wired?.image?.split(':').at(-1) ?? '') ?? NEWEST_KUBERNETES;
  if (!isAtLeast(known, 1, 36)) {
    throw new RolloutError(
      'VERSION_UNSUPPORTED',
      `Kubernetes ${known.text} cannot read a webhook configuration from a file; this needs 1.37, or 1.36 with feature gate ${FEATURE_GATE}: use \`bootstrap webhook\` or \`bootstrap image-policy\``,
    );
  }
  const gates = wired?.flag('feature-gates')?.value ?? '';
  if (!isAtLeast(known, 1, 37) && !isElsewhere && !gates.includes(`${FEATURE_GATE}=true`)) {
    throw new RolloutError(
      'FEATURE_GATE_MISSING',
      `Kubernetes ${known.text} needs a feature gate for webhooks from files: first start kube-apiserver with --feature-gates=${FEATURE_GATE}=true`,
    );
  }
  return known;
}

async function findPolicyText(folder: string): Promise<PolicyText> {
  const file = join(folder, GATE_FILES.policy);
  const found = await findFile(file);
  return found === undefined
    ? { text: renderYaml(defaultPolicyDocument([])), file: 'the default policy' }
    : { text: found.content.toString(), file };
}

/** Before a stricter stage than the active one, the running workloads are judged. */
async function acceptsWorkloads(
  folder: string,
  { request }: StaticPlan,
  cluster: KubernetesClient,
  { onProgress }: NodePorts,
): Promise<boolean> {
  const { stage } = request;
  const file = join(folder, STATIC_FOLDER, 'kube-image-bouncer.yaml');
  const found = await findFile(file);
  const there = found && parseDocuments(found.content.toString(), file)[0]?.value;
  const active = isObject(there) ? readWiring(there as unknown as KubernetesObject)?.stage : undefined;
  if (stage === 'audit' || !isStageUp(active, stage)) return true;
  const uncovered = new Set(uncoveredNamespaces(request));
  if (request.kubeSystem === 'warn') uncovered.add('kube-system');
  const isCovered = (namespace: string): boolean => !uncovered.has(namespace);
  const workloads = await findRefusedWorkloads(cluster, request.policy, { isCovered });
  onProgress({ what: 'workloads', found: workloads });
  return workloads.refused.length === 0 || stage !== 'deny';
}

/** The API server reads a changed file within a minute. */
async function prove(
  request: WiringRequest,
  cluster: KubernetesClient,
  { onProgress, waiting, whileChanging }: NodePorts,
): Promise<boolean> {
  const expected = expectedOutcome(request);
  if (expected === undefined) return true;
  const found = await whileChanging((interruption) => {
    const sleep = interruptible(waiting.sleep, interruption);
    return untilCanary(cluster, CANARY_NAMESPACE, [expected], { ...waiting, sleep });
  }).catch((error: unknown) => {
    throw saying(error, 'the files are changed, and no canary proved it; --undo restores every file');
  });
  const canary = { ...found, expected, timeoutMs: waiting.timeoutMs };
  onProgress({ what: 'canary', canary });
  return canary.isMet;
}
