import { customKind, image, podSpec, type CustomKind } from './custom-kind.ts';

/** Jobs of the training operator, whose replicas are a map by role. */
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
    // What overrides the runtime has had three names.
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
