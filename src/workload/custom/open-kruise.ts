import { customKind, image, podSpec, type CustomKind } from './custom-kind.ts';

const TEMPLATE = [podSpec('spec.template.spec')];

const PATCH_WHY = 'a patch of any form; the pods that result from it are judged';

/** The kinds of the subsets of a UnitedDeployment. */
const SUBSETS = [
  'statefulSetTemplate',
  'advancedStatefulSetTemplate',
  'cloneSetTemplate',
  'deploymentTemplate',
] as const;

/** Kinds whose images are pulled without a pod, so they are not judged again. */
const pulled = { template: false };

/** @see https://github.com/openkruise/kruise/tree/v1.8.0/apis/apps */
export const OPEN_KRUISE: readonly CustomKind[] = [
  customKind('clonesets.apps.kruise.io', 'CloneSet', TEMPLATE),
  customKind('statefulsets.apps.kruise.io', 'StatefulSet', TEMPLATE),
  customKind('daemonsets.apps.kruise.io', 'DaemonSet', TEMPLATE),
  customKind('broadcastjobs.apps.kruise.io', 'BroadcastJob', TEMPLATE),
  customKind('advancedcronjobs.apps.kruise.io', 'AdvancedCronJob', [
    podSpec('spec.template.jobTemplate.spec.template.spec'),
    podSpec('spec.template.broadcastJobTemplate.spec.template.spec'),
    image('spec.template.imageListPullJobTemplate.spec.images[*]'),
  ]),
  customKind(
    'sidecarsets.apps.kruise.io',
    'SidecarSet',
    [podSpec('spec'), image('spec.containers[*].upgradeStrategy.hotUpgradeEmptyImage')],
    { scope: 'Cluster' },
  ),
  customKind('ephemeraljobs.apps.kruise.io', 'EphemeralJob', [podSpec('spec.template')]),
  customKind(
    'uniteddeployments.apps.kruise.io',
    'UnitedDeployment',
    SUBSETS.map((subset) => podSpec(`spec.template.${subset}.spec.template.spec`)),
    { skipped: [{ path: 'spec.topology.subsets[*].patch', why: PATCH_WHY }] },
  ),
  customKind('workloadspreads.apps.kruise.io', 'WorkloadSpread', [podSpec('spec.subsets[*].patch.spec')]),
  customKind('imagepulljobs.apps.kruise.io', 'ImagePullJob', [image('spec.image')], pulled),
  customKind('imagelistpulljobs.apps.kruise.io', 'ImageListPullJob', [image('spec.images[*]')], pulled),
  customKind(
    'nodeimages.apps.kruise.io',
    'NodeImage',
    [image('spec.images{keys}', 'container', 'tags[*].tag')],
    {
      ...pulled,
      scope: 'Cluster',
    },
  ),
];
