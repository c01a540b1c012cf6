import { join } from 'node:path';
import { parseApiServerManifest } from '../control-plane/api-server-manifest.ts';
import { distributionOfNode, type Owner } from '../control-plane/distribution.ts';
import { findFile, type PlannedFile } from '../control-plane/file-plan.ts';
import { GATE_FILES, type NodeGate } from '../control-plane/gate-command.ts';
import type { ImagePolicySettings } from '../control-plane/image-policy-settings.ts';
import { kubeadmVersionOf } from '../control-plane/kubeadm.ts';
import {
  planApiServer,
  planGate,
  type GateRunner,
  type NodeCertificates,
  type NodePlaces,
} from '../control-plane/node-plan.ts';
import { renderYaml } from '../document/render.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { NEWEST_KUBERNETES, parseKubernetesVersion, type KubernetesVersion } from '../kubernetes/version.ts';
import { defaultPolicyDocument } from '../policy/default-policy.ts';
import { parsePolicy } from '../policy-source/load.ts';
import type { Policy } from '../policy/policy.ts';
import type { PolicyDocument, RuleDocument } from '../policy/schema.ts';
import type { Stage } from '../policy/stage.ts';
import { KUBE_SYSTEM_MODES, type KubeSystemMode } from '../webhook/configuration.ts';
import { imagePolicyPath } from '../wiring/paths.ts';
import { findCrioNodes } from '../wiring/runtimes.ts';
import {
  prepareNodeCertificates,
  type NodeCertificateSettings,
  type RequestSignature,
} from './node-certificates.ts';
import { forNodes } from './short-names.ts';
import type { PolicyText } from './webhook-plan.ts';

/** The settings of `ImagePolicyWebhook` and of its gate on a control-plane node. */
export interface NodeSettings extends NodeCertificateSettings {
  readonly places: NodePlaces;
  readonly gate: NodeGate;
  readonly runner: GateRunner;
  /** `host` or `host:port` of the gate, as in a URL. */
  readonly authority: string;
  readonly stage: Stage;
  readonly imagePolicy: Omit<ImagePolicySettings, 'kubeConfigFile'>;
  /** @default the policy on the node, otherwise the default policy */
  readonly policy: PolicyText | undefined;
  /** The mode of the default policy in kube-system. @default the mode of the policy on the node, otherwise `warn` */
  readonly kubeSystem: KubeSystemMode | undefined;
  /** @default the version of the API server's image, otherwise the newest one that is known */
  readonly version: KubernetesVersion | undefined;
}

interface NodeSources {
  /** Folder below which every file has the path that it has on the node. */
  readonly root: string;
  /** Whether the API server's manifest may be missing, because it is on another machine or does not exist yet. */
  readonly isElsewhere: boolean;
  /** Replaces private keys that cannot be used any more. */
  readonly force: boolean;
  readonly now: () => Date;
  /** Its nodes decide about `shortNames` of the default policy. */
  readonly cluster: KubernetesClient | undefined;
  /** `undefined` if no signer may be called, because nothing is written. */
  readonly requestSignature: RequestSignature | undefined;
}

/** All files of the wiring, as values. Nothing is written yet. */
export interface NodePlan {
  /** `undefined` if a signer has to be called first. */
  readonly certificates: NodeCertificates | undefined;
  readonly policy: Policy;
  /** The nodes of the cluster that run CRI-O; none if there is no cluster. */
  readonly crioNodes: readonly string[];
  /** All files except the API server's manifest. */
  readonly files: readonly PlannedFile[];
  /** `undefined` if this machine has no manifest. */
  readonly manifest: PlannedFile | undefined;
  /** The tool that owns the manifest. */
  readonly owner: Owner | undefined;
}

/**
 * Plans the files of a node. Usable certificates and the policy of an earlier run are kept.
 * @throws {RolloutError} @throws {CertificateError} @throws {ControlPlaneError} @throws {PolicyFileError}
 */
export async function planImagePolicy(settings: NodeSettings, sources: NodeSources): Promise<NodePlan> {
  const { places, gate, runner } = settings;
  const folder = join(sources.root, places.folder);
  const distribution = await distributionOfNode(places.manifest);
  // Nothing will be applied on a node of another tool, so nothing is signed for it.
  const requestSignature =
    distribution === undefined || sources.isElsewhere ? sources.requestSignature : undefined;
  const certificates = await prepareNodeCertificates(settings, { ...sources, requestSignature, folder });
  const crioNodes = sources.cluster === undefined ? [] : await findCrioNodes(sources.cluster);
  const policy = await choosePolicyText(settings, join(folder, GATE_FILES.policy), crioNodes);
  const gateFiles = planGate({ places, gate, runner, certificates, policy: policy.text });
  const server = await planApiServer({
    places,
    server: `https://${settings.authority}${imagePolicyPath(settings.stage)}`,
    settings: settings.imagePolicy,
    trust: certificates?.trust,
    kubeadm: kubeadmVersionOf(await minorOf(settings)),
    isElsewhere: sources.isElsewhere,
    distribution,
  });
  return {
    certificates,
    policy: await parsePolicy(policy.text, policy.file),
    crioNodes,
    files: [...server.files, ...gateFiles],
    manifest: server.manifest,
    owner: server.owner,
  };
}

/** Keeps a default policy that a user has edited on the node. Only a given policy replaces it. */
async function choosePolicyText(
  { policy, kubeSystem }: NodeSettings,
  file: string,
  crioNodes: readonly string[],
): Promise<PolicyText> {
  const render = (mode: KubeSystemMode, nodes = crioNodes): string =>
    renderYaml(forNodes(defaultNodePolicy(mode), nodes));
  if (policy !== undefined) return policy;
  const text = (await findFile(file))?.content.toString();
  const defaults = KUBE_SYSTEM_MODES.flatMap((mode) => [render(mode), render(mode, [])]);
  if (text !== undefined && (kubeSystem === undefined || !defaults.includes(text))) return { text, file };
  return { text: render(kubeSystem ?? 'warn'), file };
}

/** The minor version of the node's API server, from the tag of its image. */
async function minorOf({ version, places }: NodeSettings): Promise<number> {
  if (version !== undefined) return version.minor;
  const found = await findFile(places.manifest);
  if (found === undefined) return NEWEST_KUBERNETES.minor;
  const { image } = parseApiServerManifest(found.content.toString(), places.manifest);
  return parseKubernetesVersion(image?.split(':').at(-1) ?? '')?.minor ?? NEWEST_KUBERNETES.minor;
}

const KUBE_SYSTEM = { namespaces: ['kube-system'] };

/**
 * The default policy of a node: no tag `latest`, with a mode for kube-system, where the cluster's own pods run.
 * `ImagePolicyWebhook` has no selector, so the policy holds the mode.
 */
function defaultNodePolicy(mode: KubeSystemMode): PolicyDocument {
  const document = defaultPolicyDocument([]);
  const { spec } = document;
  switch (mode) {
    case 'deny':
      return document;
    case 'exempt': {
      const rules = spec.rules.map((rule) => ({ ...rule, exclude: KUBE_SYSTEM }));
      return { ...document, spec: { ...spec, unmatchedImages: 'Allow', rules } };
    }
    case 'warn': {
      const rules = spec.rules.flatMap((rule): RuleDocument[] => [
        { ...rule, exclude: KUBE_SYSTEM },
        {
          ...rule,
          name: `${rule.name}-in-kube-system`,
          match: KUBE_SYSTEM,
          validationActions: ['Warn', 'Audit'],
        },
      ]);
      return { ...document, spec: { ...spec, rules } };
    }
  }
}
