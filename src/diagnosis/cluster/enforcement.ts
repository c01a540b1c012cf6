import type { CanaryResult } from '../../wiring/canary.ts';
import { CANARY_IMAGE } from '../../wiring/canary.ts';
import { finding, type Finding } from '../finding.ts';
import { selects } from '../../wiring/label-selector.ts';
import type { SeenWebhook } from '../../wiring/webhook-configuration.ts';
import { enablesImagePolicy } from './api-servers.ts';
import type { Canaries, ClusterMaterial } from './material.ts';

const POD = `a pod with image ${CANARY_IMAGE}`;
const DEPLOYMENT = `a Deployment with image ${CANARY_IMAGE}`;

/** Whether bad images are refused and good ones are admitted, as the trial objects show. */
export function examineEnforcement(material: ClusterMaterial): readonly Finding[] {
  return [
    ...examineBadPod(material),
    ...examineBadDeployment(material),
    ...examineGoodPod(material.canaries),
  ];
}

/** Webhooks that the API server calls for the namespace of the trials. */
function webhooksOnTrial({ webhooks, namespaces, canaries }: ClusterMaterial): readonly SeenWebhook[] {
  const labels = namespaces?.find(({ metadata }) => metadata.name === canaries.namespace)?.metadata.labels;
  if (namespaces === undefined) return webhooks;
  return webhooks.filter(({ namespaceSelector }) => selects(namespaceSelector, labels ?? {}));
}

function examineBadPod(material: ClusterMaterial): readonly Finding[] {
  const { canaries } = material;
  const { badPod } = canaries;
  return badPod.outcome === 'admitted'
    ? examineAdmittedPod(material, badPod.warnings)
    : examineFailure(badPod, POD, canaries);
}

function examineAdmittedPod(material: ClusterMaterial, warnings: readonly string[]): readonly Finding[] {
  const { server, webhooks, areWebhooksRead, apiServers, imagePolicyStage } = material;
  const asking = webhooksOnTrial(material);
  const isBelowDeny = imagePolicyStage === 'warn' || imagePolicyStage === 'audit';
  // The examination of the node files reports this stage.
  if (asking.length === 0 && isBelowDeny) return [];
  const isImagePolicy = !isBelowDeny && apiServers.some(enablesImagePolicy);
  if (webhooks.length === 0 && areWebhooksRead && !isImagePolicy) {
    return [
      finding(
        'NO_WIRING',
        server,
        `no webhook calls a gate, and ${POD} was admitted (the cluster does not show an ImagePolicyWebhook below stage deny)`,
      ),
    ];
  }
  const stages = new Set(asking.map(({ stage }) => stage));
  if (asking.length === 0 || stages.has('deny') || stages.has(undefined) || isImagePolicy)
    return [finding('NOT_ENFORCING', server, `${POD} was admitted in a dry run${hintOf(asking)}`)];
  const isReported = warnings.some((text) => text.includes(CANARY_IMAGE));
  if (stages.has('warn') && !isReported)
    return [finding('NOT_ENFORCING', server, `the stage is warn, but there was no warning about ${POD}`)];
  const stage = stages.has('warn') ? 'warn' : 'audit';
  return [finding('BELOW_DENY', sourceOf(asking), `its stage is ${stage}: ${POD} is reported and admitted`)];
}

/** The stage of an `ImagePolicyWebhook` is in the files of a node, and nowhere in the cluster. */
function hintOf(asking: readonly SeenWebhook[]): string {
  return asking.length > 0
    ? ''
    : ' (for an ImagePolicyWebhook, --node-files shows whether its stage is deny)';
}

function sourceOf(webhooks: readonly SeenWebhook[]): string {
  return [...new Set(webhooks.map(({ source }) => source))].join(', ');
}

function examineBadDeployment(material: ClusterMaterial): readonly Finding[] {
  const { canaries, server } = material;
  const { badPod, badDeployment } = canaries;
  const denying = webhooksOnTrial(material).filter(({ stage }) => stage === 'deny');
  if (badDeployment.outcome !== 'admitted') {
    // Both trials fail for the same reason, so it is reported once.
    if (failureOf(badDeployment) === failureOf(badPod)) return [];
    return examineFailure(badDeployment, DEPLOYMENT, canaries);
  }
  if (denying.length > 0)
    return [finding('TEMPLATE_NOT_ENFORCED', sourceOf(denying), `${DEPLOYMENT} was admitted in a dry run`)];
  const byImagePolicy = badPod.outcome === 'refused' && badPod.by.plugin === 'image-policy';
  return byImagePolicy && material.webhooks.length === 0
    ? [finding('TEMPLATES_UNSEEN', server, `${DEPLOYMENT} was admitted`)]
    : [];
}

/** Trials that are `undecided` or `forbidden` have the same finding. */
function failureOf({ outcome }: CanaryResult): CanaryResult['outcome'] {
  return outcome === 'forbidden' ? 'undecided' : outcome;
}

function examineFailure(
  result: Exclude<CanaryResult, { outcome: 'admitted' }>,
  object: string,
  { namespace }: Canaries,
): readonly Finding[] {
  switch (result.outcome) {
    case 'refused':
      return [];
    case 'unreachable':
      return [finding('GATE_UNREACHABLE', `${result.by.plugin} ${result.by.name}`, oneLine(result.message))];
    case 'undecided':
    case 'forbidden':
      return [finding('CANARY_UNDECIDED', `Namespace ${namespace}`, `${object}: ${oneLine(result.message)}`)];
  }
}

function examineGoodPod({ goodPod: good, badPod }: Canaries): readonly Finding[] {
  if (good === undefined) return [finding('GOOD_POD_NOT_TRIED', 'trial', 'no good image is known')];
  const { image, result } = good;
  switch (result.outcome) {
    case 'admitted':
      return [];
    case 'refused':
      return [
        finding(
          'GOOD_POD_REFUSED',
          `${result.by.plugin} ${result.by.name}`,
          `a pod with image ${image}: ${oneLine(result.message)}`,
        ),
      ];
    case 'unreachable':
      return badPod.outcome === 'unreachable'
        ? []
        : [finding('GATE_UNREACHABLE', `${result.by.plugin} ${result.by.name}`, oneLine(result.message))];
    case 'undecided':
    case 'forbidden':
      return [
        finding('GOOD_POD_NOT_TRIED', 'trial', `a pod with image ${image}: ${oneLine(result.message)}`),
      ];
  }
}

function oneLine(message: string): string {
  const [first = ''] = message.split('\n');
  return first.length > 400 ? `${first.slice(0, 400)}…` : first;
}

/** One sentence for each fact that the trials have proven. */
export function proofsOf({ canaries, served }: ClusterMaterial): readonly string[] {
  const { badPod, badDeployment, goodPod } = canaries;
  return [
    ...(badPod.outcome === 'refused' ? [`${POD} was refused (${badPod.by.name})`] : []),
    ...(badDeployment.outcome === 'refused' ? [`${DEPLOYMENT} was refused (${badDeployment.by.name})`] : []),
    ...(goodPod?.result.outcome === 'admitted' ? [`a pod with image ${goodPod.image} was admitted`] : []),
    ...served.flatMap(({ address, chain }) => {
      const [leaf] = typeof chain === 'string' ? [] : chain;
      return leaf === undefined
        ? []
        : [
            `${address} serves a certificate that is valid until ${leaf.validToDate.toISOString().slice(0, 10)}`,
          ];
    }),
  ];
}
