import { customKind, image, podSpec, within, type CustomKind } from './custom-kind.ts';

const CLUSTER = [
  podSpec('headGroupSpec.template.spec'),
  podSpec('workerGroupSpecs[groupName].template.spec'),
  image('autoscalerOptions.image'),
];

const JOB = [within('rayClusterSpec', 'cluster', () => CLUSTER), podSpec('submitterPodTemplate.spec')];

/** @see https://github.com/ray-project/kuberay/tree/v1.4.2/ray-operator/apis/ray/v1 */
export const RAY: readonly CustomKind[] = [
  customKind('rayclusters.ray.io', 'RayCluster', [within('spec', 'cluster', () => CLUSTER)]),
  customKind('rayjobs.ray.io', 'RayJob', [within('spec', 'job', () => JOB)]),
  customKind('rayservices.ray.io', 'RayService', [within('spec.rayClusterConfig', 'cluster', () => CLUSTER)]),
];
