import { renderYaml } from '../document/render.ts';
import { inEnglish } from '../language/catalogue.ts';
import { parseImageReference } from '../image/reference.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import type { KubernetesVersion } from '../kubernetes/version.ts';
import { defaultPolicyDocument } from '../policy/default-policy.ts';
import { readPolicyText } from '../policy/load.ts';
import type { GateAddress } from '../webhook/configuration.ts';
import { languageOf } from '../webhook/gate-deployment.ts';
import { GATE_NAME, POLICY_CONFIG_MAP, POLICY_KEY } from '../wiring/names.ts';
import { isObject } from '../document/json.ts';
import { findImages } from '../workload/images.ts';
import { findWorkloadKind } from '../workload/kinds.ts';
import { SettingsError } from './settings-error.ts';
import {
  NEWEST_KUBERNETES,
  requireSupported,
  type WebhookOptions,
  type WebhookSettings,
} from './webhook-settings.ts';

/** Settings once what nobody named has been found. */
export type SettledWebhook = WebhookSettings & {
  readonly version: KubernetesVersion;
  readonly image: string;
};

/** The policy that is named; else the one that the cluster holds already, for nobody asked for another; else the default. */
export async function choosePolicyText(
  { policy }: WebhookOptions,
  address: GateAddress,
  cluster: KubernetesClient | undefined,
): Promise<{ readonly text: string; readonly file: string }> {
  if (policy !== undefined) return { text: await readPolicyText(policy), file: policy };
  if (address.form === 'service' && cluster !== undefined) {
    const { namespace } = address;
    const held = await cluster.get({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: POLICY_CONFIG_MAP,
      namespace,
    });
    const data = held?.['data'];
    const text = isObject(data) ? data[POLICY_KEY] : undefined;
    if (typeof text === 'string') return { text, file: `ConfigMap ${namespace}/${POLICY_CONFIG_MAP}` };
  }
  return { text: renderYaml(defaultPolicyDocument([])), file: 'the default policy' };
}

/** The version of the cluster, else the newest. */
export async function versionOf(cluster: KubernetesClient | undefined): Promise<KubernetesVersion> {
  return cluster === undefined ? NEWEST_KUBERNETES : requireSupported(await cluster.version());
}

/** The image and the language that are named, else those that the gate runs with already; with `--url` it runs with its own. */
export async function chooseGate(
  { address, image, language }: WebhookSettings,
  cluster: KubernetesClient | undefined,
): Promise<Pick<SettledWebhook, 'image' | 'language'>> {
  if (address.form === 'url') return { image: '', language };
  const { namespace } = address;
  const place = { apiVersion: 'apps/v1', kind: 'Deployment', name: GATE_NAME, namespace } as const;
  const deployment = await cluster?.get(place);
  return {
    image: requireImage(image ?? imageOf(deployment)),
    language: language ?? (deployment && languageOf(deployment)),
  };
}

function requireImage(chosen: string | undefined): string {
  if (chosen === undefined) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      '--image is missing: --service has to know by which reference the cluster pulls the gate',
    );
  }
  const reference = parseImageReference(chosen);
  if (reference.kind === 'invalid')
    throw new SettingsError('SETTING_INVALID', `--image: ${inEnglish(reference.reason)}`);
  return chosen;
}

function imageOf(deployment: KubernetesObject | undefined): string | undefined {
  const workload = findWorkloadKind('apps', 'Deployment');
  if (deployment === undefined || workload === undefined) return undefined;
  const images = findImages(workload, deployment);
  return images.kind === 'list' ? images.uses[0]?.image : undefined;
}
