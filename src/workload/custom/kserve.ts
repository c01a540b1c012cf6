import { customKind, image, podSpec, within, type CustomKind } from './custom-kind.ts';

/** Each is a container with a few fields more. */
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
      unread: [
        {
          path: 'spec.predictor.*.storageUri',
          why: 'where a model lies; one in an image (`oci://`) becomes a container of the pod, which is judged',
        },
      ],
    },
  ),
  customKind('servingruntimes.serving.kserve.io', 'ServingRuntime', RUNTIME),
  customKind('clusterservingruntimes.serving.kserve.io', 'ClusterServingRuntime', RUNTIME, {
    scope: 'Cluster',
  }),
];
