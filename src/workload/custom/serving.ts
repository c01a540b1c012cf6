import { customKind, type CustomKind, image, podSpec, within } from './custom-kind.ts';

/** @see https://github.com/knative/serving/tree/v0.46.0/pkg/apis/serving/v1 */
export const KNATIVE: readonly CustomKind[] = [
  customKind('services.serving.knative.dev', 'Service', [podSpec('spec.template.spec')]),
  customKind('configurations.serving.knative.dev', 'Configuration', [podSpec('spec.template.spec')]),
  customKind('revisions.serving.knative.dev', 'Revision', [podSpec('spec')]),
];

/** Each is a container with additional fields. */
const FRAMEWORKS = [
  'model',
  'sklearn',
  'xgboost',
  'tensorflow',
  'pytorch',
  'triton',
  'onnx',
  'huggingface',
  'pmml',
  'lightgbm',
  'paddle',
] as const;

const PREDICTOR = [
  ...FRAMEWORKS.map((framework) => image(`${framework}.image`)),
  podSpec(''),
  podSpec('workerSpec'),
];

const RUNTIME = [podSpec('spec'), podSpec('spec.workerSpec')];

/** @see https://github.com/kserve/kserve/tree/v0.15.2/pkg/apis/serving */
export const KSERVE: readonly CustomKind[] = [
  customKind(
    'inferenceservices.serving.kserve.io',
    'InferenceService',
    [
      within('spec.predictor', 'predictor', () => PREDICTOR),
      podSpec('spec.transformer'),
      podSpec('spec.explainer'),
      image('spec.explainer.art.image'),
    ],
    {
      skipped: [
        {
          path: 'spec.predictor.*.storageUri',
          why: 'the address of a model; a model in an image (`oci://`) becomes a container of the pod, which is judged',
        },
      ],
    },
  ),
  customKind('servingruntimes.serving.kserve.io', 'ServingRuntime', RUNTIME),
  customKind('clusterservingruntimes.serving.kserve.io', 'ClusterServingRuntime', RUNTIME, {
    scope: 'Cluster',
  }),
];
