import { isAtLeast, type KubernetesVersion } from '../../kubernetes/version.ts';
import { finding, type Finding } from '../finding.ts';
import { gateCommand, remedy } from '../remedy.ts';
import type { NodeMaterial } from './material.ts';
import { imagePolicyStageOf } from './kubeconfig.ts';

/** The remedy of the catalogue is for webhooks. */
const TO_DENY = remedy`${gateCommand('bootstrap image-policy', '--stage deny --apply')}, after you have fixed the violations that it reports`;

/** The first patch of each minor version whose plugin sends ephemeral containers (CVE-2023-2727). */
const FIRST_PATCH: ReadonlyMap<number, number> = new Map([
  [24, 15],
  [25, 11],
  [26, 6],
  [27, 3],
]);

/** Reports the requests that `ImagePolicyWebhook` does not send on this version, and a stage below deny. */
export function examineBlindSpots(material: NodeMaterial): readonly Finding[] {
  const { kubeconfig, version, manifestFile } = material;
  if (kubeconfig === undefined) return [];
  const stage = imagePolicyStageOf(material);
  return [
    ...(stage === undefined || stage === 'deny'
      ? []
      : [finding('BELOW_DENY', kubeconfig.opened.file, `its stage is ${stage}`, TO_DENY)]),
    finding('IMAGE_VOLUMES_UNSEEN', manifestFile, 'ImagePolicyWebhook sends images of containers only'),
    finding(
      'JOB_PODS_KEPT',
      manifestFile,
      stage === 'deny'
        ? 'pods of Jobs cannot lose a finalizer while their image is forbidden'
        : 'at stage deny, pods of Jobs could not lose a finalizer while their image is forbidden',
    ),
    ...(version !== undefined && !seesEphemeralContainers(version)
      ? [finding('EPHEMERAL_CONTAINERS_UNSEEN', manifestFile, `kube-apiserver is ${version.text}`)]
      : []),
  ];
}

/** Whether the plugin of a version sends ephemeral containers. A version without a patch number means its last patch. */
export function seesEphemeralContainers(version: KubernetesVersion): boolean {
  if (isAtLeast(version, 1, 28)) return true;
  const first = FIRST_PATCH.get(version.minor);
  if (first === undefined) return false;
  const [, patch] = /^v?\d+\.\d+\.(\d+)/.exec(version.text) ?? [];
  return patch === undefined || Number(patch) >= first;
}
