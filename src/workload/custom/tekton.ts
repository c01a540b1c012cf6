import { customKind, image, within, type CustomKind, type ImageSource } from './custom-kind.ts';

const VOLUMES = image('volumes[*].image.reference', 'imageVolume');

const TASK = [
  image('steps[*].image'),
  image('stepTemplate.image'),
  image('sidecars[*].image'),
  VOLUMES,
  // A StepAction out of a bundle.
  within('steps[*].ref', () => REFERENCE),
];

/** A bundle is an image that holds tasks and pipelines: a field of its own in v1beta1, a parameter of its resolver since. */
const REFERENCE = [image('bundle'), image('params[name=bundle].value')];

const PIPELINE_TASK: readonly ImageSource[] = [
  within('taskSpec', () => TASK),
  within('taskRef', () => REFERENCE),
  within('pipelineSpec', () => PIPELINE),
  within('pipelineRef', () => REFERENCE),
];

const PIPELINE = [within('tasks[*]', () => PIPELINE_TASK), within('finally[*]', () => PIPELINE_TASK)];

const POD_TEMPLATE = [VOLUMES];

const TASK_RUN = [
  within('taskSpec', () => TASK),
  within('taskRef', () => REFERENCE),
  within('podTemplate', () => POD_TEMPLATE),
];

const PIPELINE_RUN = [
  within('pipelineSpec', () => PIPELINE),
  within('pipelineRef', () => REFERENCE),
  // `taskRunTemplate` is v1, the others v1beta1.
  within('taskRunTemplate.podTemplate', () => POD_TEMPLATE),
  within('podTemplate', () => POD_TEMPLATE),
  within('taskRunSpecs[pipelineTaskName].podTemplate', () => POD_TEMPLATE),
  within('taskRunSpecs[pipelineTaskName].taskPodTemplate', () => POD_TEMPLATE),
];

/** @see https://github.com/tektoncd/pipeline/tree/v1.3.1/pkg/apis/pipeline/v1 */
export const TEKTON: readonly CustomKind[] = [
  customKind('tasks.tekton.dev', 'Task', [within('spec', () => TASK)]),
  customKind('clustertasks.tekton.dev', 'ClusterTask', [within('spec', () => TASK)], { scope: 'Cluster' }),
  customKind('taskruns.tekton.dev', 'TaskRun', [within('spec', () => TASK_RUN)]),
  customKind('pipelines.tekton.dev', 'Pipeline', [within('spec', () => PIPELINE)]),
  customKind('pipelineruns.tekton.dev', 'PipelineRun', [within('spec', () => PIPELINE_RUN)]),
  customKind('stepactions.tekton.dev', 'StepAction', [image('spec.image')]),
];
