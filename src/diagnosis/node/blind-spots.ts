import { isAtLeast, type KubernetesVersion } from '../../kubernetes/version.ts';
import { finding, type Finding } from '../finding.ts';
import { gateCommand, remedy } from '../remedy.ts';
import type { NodeMaterial } from './material.ts';
import { stageOf } from './stage.ts';

/** The remedy of the catalogue is for webhooks. */
const TO_DENY = remedy`${gateCommand('bootstrap image-policy', '--stage deny --apply')}, after you have fixed the violations that it reports`;

/** First patch of each minor version that asks about ephemeral containers (CVE-2023-2727). */
const MENDED: ReadonlyMap<number, number> = new Map([
  [24, 15],
  [25, 11],
  [26, 6],
  [27, 3],
]);

/** What `ImagePolicyWebhook` is not asked about on this version, and the stage that it is at. */
export function examineBlindSpots(material: NodeMaterial): readonly Finding[] {
  const { kubeconfig, version, manifestFile } = material;
  if (kubeconfig === undefined) return [];
  const stage = stageOf(material);
  return [
    ...(stage === undefined || stage === 'deny'
      ? []
      : [finding('BELOW_DENY', kubeconfig.opened.file, `its stage is ${stage}`, TO_DENY)]),
    finding('IMAGE_VOLUMES_UNSEEN', manifestFile, 'ImagePolicyWebhook asks about images of containers only'),
    ...(version !== undefined && !seesEphemeralContainers(version)
      ? [finding('EPHEMERAL_CONTAINERS_UNSEEN', manifestFile, `kube-apiserver is ${version.text}`)]
      : []),
  ];
}

/** Whether a version asks about `pods/ephemeralcontainers`; of one without a patch number the last is meant. */
export function seesEphemeralContainers(version: KubernetesVersion): boolean {
  if (isAtLeast(version, 1, 28)) return true;
  const first = MENDED.get(version.minor);
  if (first === undefined) return false;
  const [, patch] = /^v?\d+\.\d+\.(\d+)/.exec(version.text) ?? [];
  return patch === undefined || Number(patch) >= first;
}
