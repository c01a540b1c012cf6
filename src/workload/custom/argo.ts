import {
  customKind,
  type CustomKind,
  image,
  type ImageSource,
  podSpec,
  type SkippedPart,
  within,
} from './custom-kind.ts';

const JOB_METRICS = podSpec('spec.metrics[*].provider.job.spec.template.spec');

/** @see https://github.com/argoproj/argo-rollouts/tree/v1.8.3/pkg/apis/rollouts/v1alpha1 */
export const ARGO_ROLLOUTS: readonly CustomKind[] = [
  // With `workloadRef` the template belongs to a Deployment, which is judged itself.
  customKind('rollouts.argoproj.io', 'Rollout', [podSpec('spec.template.spec')]),
  customKind('experiments.argoproj.io', 'Experiment', [podSpec('spec.templates[*].template.spec')]),
  customKind('analysistemplates.argoproj.io', 'AnalysisTemplate', [JOB_METRICS]),
  customKind('clusteranalysistemplates.argoproj.io', 'ClusterAnalysisTemplate', [JOB_METRICS], {
    scope: 'Cluster',
  }),
  customKind('analysisruns.argoproj.io', 'AnalysisRun', [JOB_METRICS]),
];

/** A template is in a list, in the default for all templates, or inline in a step or a task of another template. */
const TEMPLATE: readonly ImageSource[] = [
  image('container.image'),
  image('script.image'),
  image('containerSet.containers[*].image'),
  image('initContainers[*].image', 'initContainer'),
  image('sidecars[*].image'),
  image('volumes[*].image.reference', 'imageVolume'),
  within('steps[*][*].inline', 'template', () => TEMPLATE),
  within('dag.tasks[*].inline', 'template', () => TEMPLATE),
];

const WORKFLOW = [
  within('templates[*]', 'template', () => TEMPLATE),
  within('templateDefaults', 'template', () => TEMPLATE),
  image('volumes[*].image.reference', 'imageVolume'),
];

const PATCH_WHY = 'free text: a patch with variables; the pods that result from it are judged';

const SKIPPED: readonly SkippedPart[] = [
  { path: 'podSpecPatch', why: PATCH_WHY },
  { path: 'templates[*].podSpecPatch', why: PATCH_WHY },
  {
    path: 'templates[*].resource.manifest',
    why: 'free text: another object, which is judged when it is created',
  },
];

const skipped = { skipped: SKIPPED };

/** @see https://github.com/argoproj/argo-workflows/blob/v3.7.1/pkg/apis/workflow/v1alpha1/workflow_types.go */
export const ARGO_WORKFLOWS: readonly CustomKind[] = [
  customKind('workflows.argoproj.io', 'Workflow', [within('spec', 'workflow', () => WORKFLOW)], skipped),
  customKind(
    'workflowtemplates.argoproj.io',
    'WorkflowTemplate',
    [within('spec', 'workflow', () => WORKFLOW)],
    skipped,
  ),
  customKind(
    'clusterworkflowtemplates.argoproj.io',
    'ClusterWorkflowTemplate',
    [within('spec', 'workflow', () => WORKFLOW)],
    {
      ...skipped,
      scope: 'Cluster',
    },
  ),
  customKind(
    'cronworkflows.argoproj.io',
    'CronWorkflow',
    [within('spec.workflowSpec', 'workflow', () => WORKFLOW)],
    skipped,
  ),
];
