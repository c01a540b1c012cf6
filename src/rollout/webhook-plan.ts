import { renderYaml, renderYamlStream } from '../document/render.ts';
import { isObject } from '../document/json.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { isSupported, NEWEST_KUBERNETES, type KubernetesVersion } from '../kubernetes/version.ts';
import { findCrioNodes } from '../wiring/runtimes.ts';
import { forNodes } from './short-names.ts';
import { defaultPolicyDocument } from '../policy/default-policy.ts';
import { parsePolicy } from '../policy-source/load.ts';
import type { Policy } from '../policy/policy.ts';
import {
  nodeFilesIn,
  renderAdmissionConfiguration,
  renderWebhookKubeconfig,
  renderWebhookPlugin,
} from '../webhook/api-server-client.ts';
import {
  renderWebhookConfiguration,
  type GateAddress,
  type WiringRequest,
} from '../webhook/configuration.ts';
import { languageOf, type GateDeployment } from '../webhook/gate-deployment.ts';
import { injectionOf, renderGateObjects } from '../webhook/gate-objects.ts';
import { GATE_NAME, POLICY_CONFIG_MAP, POLICY_KEY } from '../wiring/names.ts';
import { findImages } from '../workload/images.ts';
import { findWorkloadKind } from '../workload/kinds.ts';
import { RolloutError } from './progress.ts';
import {
  prepareCertificates,
  type CertificatePlaces,
  type WebhookCertificates,
  type WebhookCertificateSettings,
} from './webhook-certificates.ts';

/** The settings of an admission webhook and of its gate. */
export interface WebhookSettings
  extends
    WebhookCertificateSettings,
    Pick<WiringRequest, 'address' | 'stage' | 'kubeSystem' | 'exemptNamespaces' | 'timeoutSeconds'> {
  /** Reference of the gate's image. @default the image of the gate that the cluster runs */
  readonly image: string | undefined;
  readonly replicas: number;
  /** @default the language of the gate that the cluster runs, otherwise English */
  readonly language: string | undefined;
  /** Folder of the API server's client files on each control-plane node. */
  readonly nodeFolder: string;
  /** @default the version of the cluster, otherwise the newest one that is known */
  readonly version: KubernetesVersion | undefined;
}

/** A policy as text, and its place for error messages. */
export interface PolicyText {
  readonly text: string;
  readonly file: string;
}

interface WebhookSources extends CertificatePlaces {
  /** @default the present policy of the cluster, otherwise the default policy */
  readonly policy: PolicyText | undefined;
}

/** Everything that a webhook needs, as values: nothing is written or applied yet. */
export interface WebhookPlan {
  readonly settings: WebhookSettings;
  readonly policy: Policy;
  /** The nodes of the cluster that run CRI-O; none if there is no cluster. */
  readonly crioNodes: readonly string[];
  /** `undefined` for a gate outside the cluster. */
  readonly gate: GateDeployment | undefined;
  /** The gate's own objects in the order in which they are created; empty for a gate outside the cluster. */
  readonly gateObjects: readonly KubernetesObject[];
  readonly configuration: KubernetesObject;
  /** The same configuration at stage `warn`, where a gate that does not answer refuses nothing. */
  readonly trial: KubernetesObject;
  /** Whether the objects hold private keys. */
  readonly holdsKeys: boolean;
  /** Files for the administrator and the control-plane nodes, by their paths in the folder of `out`. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Plans the wiring of a webhook. Values that the settings leave open come from the cluster, and usable certificates of
 * an earlier run are kept.
 * @throws {RolloutError} @throws {CertificateError} @throws {PolicyFileError} @throws {KubernetesError}
 */
export async function planWebhook(settings: WebhookSettings, sources: WebhookSources): Promise<WebhookPlan> {
  const { cluster } = sources;
  const { address } = settings;
  const version = settings.version ?? (await versionOf(cluster));
  const gate = address.form === 'url' ? undefined : await chooseGate(address.namespace, settings, cluster);
  const crioNodes = cluster === undefined ? [] : await findCrioNodes(cluster);
  const policyText = sources.policy ?? (await findPolicyText(address, cluster, crioNodes));
  const policy = await parsePolicy(policyText.text, policyText.file);
  const certificates = await prepareCertificates(settings, sources);
  const gateObjects =
    gate === undefined || certificates.gate === undefined
      ? []
      : renderGateObjects({
          ...gate,
          certificates: certificates.gate,
          policyText: policyText.text,
          version,
        });
  const request = requestOf(settings, { policy, version, certificates });
  const configuration = renderWebhookConfiguration(request);
  return {
    settings,
    policy,
    crioNodes,
    gate,
    gateObjects,
    configuration,
    trial: renderWebhookConfiguration({ ...request, stage: 'warn' }),
    holdsKeys: certificates.gate?.source === 'own',
    files: filesOf(settings, certificates, [...gateObjects, configuration]),
  };
}

async function versionOf(cluster: KubernetesClient | undefined): Promise<KubernetesVersion> {
  if (cluster === undefined) return NEWEST_KUBERNETES;
  const version = await cluster.version();
  if (isSupported(version)) return version;
  throw new RolloutError(
    'VERSION_UNSUPPORTED',
    `Kubernetes ${version.text} is older than 1.24, the oldest version that is supported`,
  );
}

/** Image and language come from the settings, otherwise from the gate that runs in the cluster. */
async function chooseGate(
  namespace: string,
  { image, language, replicas, client }: WebhookSettings,
  cluster: KubernetesClient | undefined,
): Promise<GateDeployment> {
  const place = { apiVersion: 'apps/v1', kind: 'Deployment', name: GATE_NAME, namespace } as const;
  const deployment = await cluster?.get(place);
  const chosen = image ?? (deployment && imageOf(deployment));
  if (chosen === undefined) {
    throw new RolloutError('IMAGE_UNKNOWN', 'give the reference of the image of the gate');
  }
  return {
    namespace,
    image: chosen,
    replicas,
    client,
    language: language ?? (deployment && languageOf(deployment)),
  };
}

function imageOf(deployment: KubernetesObject): string | undefined {
  const workload = findWorkloadKind('apps', 'Deployment');
  if (workload === undefined) return undefined;
  const images = findImages(workload, deployment);
  return images.kind === 'list' ? images.uses[0]?.image : undefined;
}

async function findPolicyText(
  address: GateAddress,
  cluster: KubernetesClient | undefined,
  crioNodes: readonly string[],
): Promise<PolicyText> {
  if (address.form === 'service' && cluster !== undefined) {
    const { namespace } = address;
    const place = { apiVersion: 'v1', kind: 'ConfigMap', name: POLICY_CONFIG_MAP, namespace };
    const data = (await cluster.get(place))?.['data'];
    const text = isObject(data) ? data[POLICY_KEY] : undefined;
    if (typeof text === 'string') return { text, file: `ConfigMap ${namespace}/${POLICY_CONFIG_MAP}` };
  }
  return { text: renderYaml(forNodes(defaultPolicyDocument([]), crioNodes)), file: 'the default policy' };
}

function requestOf(
  settings: WebhookSettings,
  {
    policy,
    version,
    certificates: { gate, trust },
  }: {
    readonly policy: Policy;
    readonly version: KubernetesVersion;
    readonly certificates: WebhookCertificates;
  },
): WiringRequest {
  const { address } = settings;
  const annotations =
    gate === undefined || address.form === 'url' ? undefined : injectionOf(gate, address.namespace);
  return { ...settings, policy, version, trust, ...(annotations !== undefined && { annotations }) };
}

function filesOf(
  { address, client, nodeFolder }: WebhookSettings,
  certificates: WebhookCertificates,
  objects: readonly KubernetesObject[],
): ReadonlyMap<string, string> {
  const files = new Map([...certificates.files, ['kube-image-bouncer.yaml', renderYamlStream(objects)]]);
  if (client === undefined) return files;
  const node = nodeFilesIn(nodeFolder);
  const plugin = renderWebhookPlugin({ kubeConfigFile: node.kubeconfig });
  return files
    .set('webhook-kubeconfig.yaml', renderYaml(renderWebhookKubeconfig(address, node)))
    .set('admission-configuration.yaml', renderYaml(renderAdmissionConfiguration(plugin)));
}
