import { customKind, image, within, type CustomKind, type ImageSource } from './custom-kind.ts';

const VOLUMES = image('volumes[*].image.reference', 'imageVolume');

const TASK = [
  image('steps[*].image'),
  image('stepTemplate.image'),
  image('sidecars[*].image'),
  VOLUMES,
  // A StepAction from a bundle.
  within('steps[*].ref', 'reference', () => REFERENCE),
];

/** A bundle is an image with tasks and pipelines. It is a field in v1beta1, and a parameter of the resolver since v1. */
const REFERENCE = [image('bundle'), image('params[name=bundle].value')];

/** The parameters of a resolver are a list since v1beta1, and a map in v1alpha1. */
const PARAMETER = image('[name=bundle].value');
const PARAMETER_OF_V1ALPHA1 = image('bundle');

const PIPELINE_TASK: readonly ImageSource[] = [
  within('taskSpec', 'task', () => TASK),
  within('taskRef', 'reference', () => REFERENCE),
  within('pipelineSpec', 'pipeline', () => PIPELINE),
  within('pipelineRef', 'reference', () => REFERENCE),
];

const PIPELINE = [
  within('tasks[*]', 'pipeline task', () => PIPELINE_TASK),
  within('finally[*]', 'pipeline task', () => PIPELINE_TASK),
];

const POD_TEMPLATE = [VOLUMES];

const TASK_RUN = [
  within('taskSpec', 'task', () => TASK),
  within('taskRef', 'reference', () => REFERENCE),
  within('podTemplate', 'pod template', () => POD_TEMPLATE),
];

const PIPELINE_RUN = [
  within('pipelineSpec', 'pipeline', () => PIPELINE),
  within('pipelineRef', 'reference', () => REFERENCE),
  // `taskRunTemplate` is in v1, the others are in v1beta1.
  within('taskRunTemplate.podTemplate', 'pod template', () => POD_TEMPLATE),
  within('podTemplate', 'pod template', () => POD_TEMPLATE),
  within('taskRunSpecs[pipelineTaskName].podTemplate', 'pod template', () => POD_TEMPLATE),
  within('taskRunSpecs[pipelineTaskName].taskPodTemplate', 'pod template', () => POD_TEMPLATE),
];

/** @see https://github.com/tektoncd/pipeline/tree/v1.3.1/pkg/apis/pipeline/v1 */
export const TEKTON: readonly CustomKind[] = [
  customKind('tasks.tekton.dev', 'Task', [within('spec', 'task', () => TASK)]),
  customKind('clustertasks.tekton.dev', 'ClusterTask', [within('spec', 'task', () => TASK)], {
    scope: 'Cluster',
  }),
  customKind('taskruns.tekton.dev', 'TaskRun', [within('spec', 'task run', () => TASK_RUN)]),
  customKind('pipelines.tekton.dev', 'Pipeline', [within('spec', 'pipeline', () => PIPELINE)]),
  customKind('pipelineruns.tekton.dev', 'PipelineRun', [within('spec', 'pipeline run', () => PIPELINE_RUN)]),
  customKind('stepactions.tekton.dev', 'StepAction', [image('spec.image')]),
  // Tekton creates it for each reference to a resolver. A run may name its bundle by a variable; here the bundle has its full name.
  customKind(
    'resolutionrequests.resolution.tekton.dev',
    'ResolutionRequest',
    [
      within('spec.params', 'list of parameters', () => [PARAMETER], 'list'),
      within('spec.params', 'map of parameters', () => [PARAMETER_OF_V1ALPHA1], 'map'),
    ],
    { template: false },
  ),
];
