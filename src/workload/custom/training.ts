import { customKind, type CustomKind, image, podSpec, within } from './custom-kind.ts';

/** Jobs of the training operator. Their replicas are in a map by role. */
const REPLICAS = [
  ['tfjobs', 'TFJob', 'tfReplicaSpecs'],
  ['pytorchjobs', 'PyTorchJob', 'pytorchReplicaSpecs'],
  ['mpijobs', 'MPIJob', 'mpiReplicaSpecs'],
  ['xgboostjobs', 'XGBoostJob', 'xgbReplicaSpecs'],
  ['paddlejobs', 'PaddleJob', 'paddleReplicaSpecs'],
  ['jaxjobs', 'JAXJob', 'jaxReplicaSpecs'],
] as const;

const RUNTIME = [podSpec('spec.template.spec.replicatedJobs[*].template.spec.template.spec')];

/**
 * @see https://github.com/kubeflow/trainer/tree/v1.9.3/pkg/apis/kubeflow.org/v1
 * @see https://github.com/kubeflow/trainer/tree/v2.0.0/pkg/apis/trainer/v1alpha1
 */
export const KUBEFLOW: readonly CustomKind[] = [
  ...REPLICAS.map(([plural, kind, replicas]) =>
    customKind(`${plural}.kubeflow.org`, kind, [podSpec(`spec.${replicas}.*.template.spec`)]),
  ),
  customKind('notebooks.kubeflow.org', 'Notebook', [podSpec('spec.template.spec')]),
  customKind('trainjobs.trainer.kubeflow.org', 'TrainJob', [
    image('spec.trainer.image'),
    // The field that overrides the runtime has had three names.
    podSpec('spec.podSpecOverrides[*]'),
    podSpec('spec.podTemplateOverrides[*].spec'),
    podSpec(
      'spec.runtimePatches[manager].trainingRuntimeSpec.template.spec.replicatedJobs[*].template.spec.template.spec',
    ),
  ]),
  customKind('trainingruntimes.trainer.kubeflow.org', 'TrainingRuntime', RUNTIME),
  customKind('clustertrainingruntimes.trainer.kubeflow.org', 'ClusterTrainingRuntime', RUNTIME, {
    scope: 'Cluster',
  }),
];

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

/** Groups of pods by special interest groups of Kubernetes, and their autoscaler. */
export const JOB_SETS: readonly CustomKind[] = [
  /** @see https://github.com/kubernetes-sigs/jobset/blob/v0.8.2/api/jobset/v1alpha2/jobset_types.go */
  customKind('jobsets.jobset.x-k8s.io', 'JobSet', [
    podSpec('spec.replicatedJobs[*].template.spec.template.spec'),
  ]),
  /** @see https://github.com/kubernetes-sigs/lws/blob/v0.7.0/api/leaderworkerset/v1/leaderworkerset_types.go */
  customKind('leaderworkersets.leaderworkerset.x-k8s.io', 'LeaderWorkerSet', [
    podSpec('spec.leaderWorkerTemplate.leaderTemplate.spec'),
    podSpec('spec.leaderWorkerTemplate.workerTemplate.spec'),
  ]),
  /** @see https://github.com/kedacore/keda/blob/v2.17.2/apis/keda/v1alpha1/scaledjob_types.go */
  customKind('scaledjobs.keda.sh', 'ScaledJob', [podSpec('spec.jobTargetRef.template.spec')]),
];
