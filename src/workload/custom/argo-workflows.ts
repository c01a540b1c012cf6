import {
  customKind,
  image,
  within,
  type CustomKind,
  type ImageSource,
  type UnreadPart,
} from './custom-kind.ts';

/** A template stands in a list, as the default of all, or inline in a step or a task of another. */
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

const UNREAD: readonly UnreadPart[] = [
  { path: 'podSpecPatch', why: 'free text, a patch with variables; the pods that come of it are judged' },
  {
    path: 'templates[*].resource.manifest',
    why: 'free text, an object of its own; it is judged when it is created',
  },
];

const unread = { unread: UNREAD };

/** @see https://github.com/argoproj/argo-workflows/blob/v3.7.1/pkg/apis/workflow/v1alpha1/workflow_types.go */
export const ARGO_WORKFLOWS: readonly CustomKind[] = [
  customKind('workflows.argoproj.io', 'Workflow', [within('spec', 'workflow', () => WORKFLOW)], unread),
  customKind(
    'workflowtemplates.argoproj.io',
    'WorkflowTemplate',
    [within('spec', 'workflow', () => WORKFLOW)],
    unread,
  ),
  customKind(
    'clusterworkflowtemplates.argoproj.io',
    'ClusterWorkflowTemplate',
    [within('spec', 'workflow', () => WORKFLOW)],
    {
      ...unread,
      scope: 'Cluster',
    },
  ),
  customKind(
    'cronworkflows.argoproj.io',
    'CronWorkflow',
    [within('spec.workflowSpec', 'workflow', () => WORKFLOW)],
    unread,
  ),
];
