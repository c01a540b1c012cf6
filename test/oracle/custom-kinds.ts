import type { Some } from './images.ts';
import type { Usage } from './kinds.ts';

/**
 * A field of a custom resource: `[]` is a list of named items, `{}` a map, `{keys}` a map whose keys are images. Its
 * value is a `PodSpec` or one image.
 */
export type CustomField = readonly [path: string, holds: 'podSpec' | Usage];

/**
 * A custom resource and the places of its images. Written by hand from each project's API types, independently of the
 * product's extractors.
 */
export interface CustomKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly resource: string;
  readonly clusterScoped: boolean;
  /** Pods are created from it. Otherwise its images are pulled without a pod. */
  readonly template: boolean;
  readonly fields: Some<CustomField>;
}

const POD_TEMPLATE: CustomField = ['spec.template.spec', 'podSpec'];

function argoTemplate(at: string): CustomField[] {
  return [
    [`${at}.container.image`, 'container'],
    [`${at}.script.image`, 'container'],
    [`${at}.initContainers[].image`, 'initContainer'],
    [`${at}.sidecars[].image`, 'container'],
    [`${at}.containerSet.containers[].image`, 'container'],
  ];
}

function argo(at: string): Some<CustomField> {
  return [
    [`${at}.templates[].container.image`, 'container'],
    ...argoTemplate(`${at}.templates[]`),
    ...argoTemplate(`${at}.templateDefaults`),
  ];
}

function task(at: string): Some<CustomField> {
  return [
    [`${at}.steps[].image`, 'container'],
    [`${at}.stepTemplate.image`, 'container'],
    [`${at}.sidecars[].image`, 'container'],
  ];
}

function pipeline(at: string): Some<CustomField> {
  return [
    [`${at}.tasks[].taskSpec.steps[].image`, 'container'],
    ...task(`${at}.finally[].taskSpec`),
    ...task(`${at}.tasks[].pipelineSpec.tasks[].taskSpec`),
    [`${at}.tasks[].taskRef.bundle`, 'container'],
  ];
}

function machine(at: string): Some<CustomField> {
  return [
    [`${at}.volumes[].containerDisk.image`, 'container'],
    [`${at}.domain.firmware.kernelBoot.container.image`, 'container'],
  ];
}

const ANALYSIS: CustomField = ['spec.metrics[].provider.job.spec.template.spec', 'podSpec'];

/** Custom resources for which the product has extractors. */
export const CUSTOM_KINDS: Some<CustomKind> = [
  custom('argoproj.io/v1alpha1', 'Rollout', 'rollouts', [POD_TEMPLATE]),
  custom('argoproj.io/v1alpha1', 'Experiment', 'experiments', [
    ['spec.templates[].template.spec', 'podSpec'],
  ]),
  custom('argoproj.io/v1alpha1', 'AnalysisTemplate', 'analysistemplates', [ANALYSIS]),
  clusterWide('argoproj.io/v1alpha1', 'ClusterAnalysisTemplate', 'clusteranalysistemplates', [ANALYSIS]),
  custom('argoproj.io/v1alpha1', 'AnalysisRun', 'analysisruns', [ANALYSIS]),
  custom('argoproj.io/v1alpha1', 'Workflow', 'workflows', argo('spec')),
  custom('argoproj.io/v1alpha1', 'WorkflowTemplate', 'workflowtemplates', argo('spec')),
  clusterWide('argoproj.io/v1alpha1', 'ClusterWorkflowTemplate', 'clusterworkflowtemplates', argo('spec')),
  custom('argoproj.io/v1alpha1', 'CronWorkflow', 'cronworkflows', argo('spec.workflowSpec')),
  custom('serving.knative.dev/v1', 'Service', 'services', [POD_TEMPLATE]),
  custom('serving.knative.dev/v1', 'Configuration', 'configurations', [POD_TEMPLATE]),
  custom('serving.knative.dev/v1', 'Revision', 'revisions', [['spec', 'podSpec']]),
  custom('tekton.dev/v1', 'Task', 'tasks', task('spec')),
  custom('tekton.dev/v1beta1', 'Task', 'tasks', task('spec')),
  custom('tekton.dev/v1', 'TaskRun', 'taskruns', task('spec.taskSpec')),
  custom('tekton.dev/v1beta1', 'TaskRun', 'taskruns', [
    ['spec.taskRef.bundle', 'container'],
    ...task('spec.taskSpec'),
  ]),
  custom('tekton.dev/v1', 'Pipeline', 'pipelines', pipeline('spec')),
  custom('tekton.dev/v1', 'PipelineRun', 'pipelineruns', pipeline('spec.pipelineSpec')),
  custom('tekton.dev/v1beta1', 'StepAction', 'stepactions', [['spec.image', 'container']]),
  custom('kubevirt.io/v1', 'VirtualMachine', 'virtualmachines', machine('spec.template.spec')),
  custom('kubevirt.io/v1', 'VirtualMachineInstance', 'virtualmachineinstances', machine('spec')),
  custom('apps.kruise.io/v1alpha1', 'CloneSet', 'clonesets', [POD_TEMPLATE]),
  custom('apps.kruise.io/v1beta1', 'StatefulSet', 'statefulsets', [POD_TEMPLATE]),
  custom('apps.kruise.io/v1alpha1', 'DaemonSet', 'daemonsets', [POD_TEMPLATE]),
  custom('apps.kruise.io/v1alpha1', 'BroadcastJob', 'broadcastjobs', [POD_TEMPLATE]),
  custom('apps.kruise.io/v1alpha1', 'AdvancedCronJob', 'advancedcronjobs', [
    ['spec.template.jobTemplate.spec.template.spec', 'podSpec'],
    ['spec.template.broadcastJobTemplate.spec.template.spec', 'podSpec'],
  ]),
  clusterWide('apps.kruise.io/v1alpha1', 'SidecarSet', 'sidecarsets', [
    ['spec.containers[].image', 'container'],
    ['spec.initContainers[].image', 'initContainer'],
  ]),
  custom('apps.kruise.io/v1alpha1', 'EphemeralJob', 'ephemeraljobs', [
    ['spec.template.ephemeralContainers[].image', 'ephemeralContainer'],
  ]),
  custom('apps.kruise.io/v1alpha1', 'UnitedDeployment', 'uniteddeployments', [
    ['spec.template.statefulSetTemplate.spec.template.spec', 'podSpec'],
    ['spec.template.advancedStatefulSetTemplate.spec.template.spec', 'podSpec'],
    ['spec.template.cloneSetTemplate.spec.template.spec', 'podSpec'],
    ['spec.template.deploymentTemplate.spec.template.spec', 'podSpec'],
  ]),
  pulled(custom('apps.kruise.io/v1alpha1', 'ImagePullJob', 'imagepulljobs', [['spec.image', 'container']])),
  pulled(
    custom('apps.kruise.io/v1alpha1', 'ImageListPullJob', 'imagelistpulljobs', [
      ['spec.images[]', 'container'],
    ]),
  ),
  pulled(
    clusterWide('apps.kruise.io/v1alpha1', 'NodeImage', 'nodeimages', [['spec.images{keys}', 'container']]),
  ),
  custom('jobset.x-k8s.io/v1alpha2', 'JobSet', 'jobsets', [
    ['spec.replicatedJobs[].template.spec.template.spec', 'podSpec'],
  ]),
  custom('leaderworkerset.x-k8s.io/v1', 'LeaderWorkerSet', 'leaderworkersets', [
    ['spec.leaderWorkerTemplate.leaderTemplate.spec', 'podSpec'],
    ['spec.leaderWorkerTemplate.workerTemplate.spec', 'podSpec'],
  ]),
  custom('ray.io/v1', 'RayCluster', 'rayclusters', [
    ['spec.headGroupSpec.template.spec', 'podSpec'],
    ['spec.workerGroupSpecs[].template.spec', 'podSpec'],
  ]),
  custom('keda.sh/v1alpha1', 'ScaledJob', 'scaledjobs', [['spec.jobTargetRef.template.spec', 'podSpec']]),
  custom('kubeflow.org/v1', 'TFJob', 'tfjobs', [['spec.tfReplicaSpecs{}.template.spec', 'podSpec']]),
  custom('kubeflow.org/v1', 'PyTorchJob', 'pytorchjobs', [
    ['spec.pytorchReplicaSpecs{}.template.spec', 'podSpec'],
  ]),
  custom('kubeflow.org/v1', 'MPIJob', 'mpijobs', [['spec.mpiReplicaSpecs{}.template.spec', 'podSpec']]),
];

/** Custom resources that the gate knows only from a policy of the oracle. */
export const OWN_KINDS: Some<CustomKind> = [
  custom('example.com/v1', 'Gadget', 'gadgets', [
    ['spec.pods[].spec', 'podSpec'],
    ['spec.first', 'initContainer'],
    ['spec.roles{}.image', 'container'],
    ['spec.images{keys}', 'container'],
  ]),
  pulled(custom('example.com/v1', 'Pull', 'pulls', [['spec.image', 'container']])),
];

/** The name of a custom resource in policies. */
export function policyResourceOf({ apiVersion, resource }: CustomKind): string {
  return `${resource}.${apiVersion.slice(0, apiVersion.indexOf('/'))}`;
}

function custom(apiVersion: string, kind: string, resource: string, fields: Some<CustomField>): CustomKind {
  return { apiVersion, kind, resource, clusterScoped: false, template: true, fields };
}

function clusterWide(
  apiVersion: string,
  kind: string,
  resource: string,
  fields: Some<CustomField>,
): CustomKind {
  return { ...custom(apiVersion, kind, resource, fields), clusterScoped: true };
}

function pulled(kind: CustomKind): CustomKind {
  return { ...kind, template: false };
}
