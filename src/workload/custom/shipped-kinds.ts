import { ARGO_ROLLOUTS } from './argo-rollouts.ts';
import { ARGO_WORKFLOWS } from './argo-workflows.ts';
import type { CustomKind } from './custom-kind.ts';
import { JOB_SETS } from './job-sets.ts';
import { KNATIVE } from './knative.ts';
import { KSERVE } from './kserve.ts';
import { KUBEFLOW } from './kubeflow.ts';
import { KUBEVIRT } from './kubevirt.ts';
import { OPEN_KRUISE } from './open-kruise.ts';
import { RAY } from './ray.ts';
import { TEKTON } from './tekton.ts';

/** The custom resources that come with the gate, by project. */
export const PROJECTS: Readonly<Record<string, readonly CustomKind[]>> = {
  'Argo Rollouts': ARGO_ROLLOUTS,
  'Argo Workflows': ARGO_WORKFLOWS,
  Knative: KNATIVE,
  Tekton: TEKTON,
  KubeVirt: KUBEVIRT,
  OpenKruise: OPEN_KRUISE,
  Kubeflow: KUBEFLOW,
  KServe: KSERVE,
  Ray: RAY,
  'JobSet, LeaderWorkerSet and KEDA': JOB_SETS,
};

export const SHIPPED_KINDS: readonly CustomKind[] = Object.values(PROJECTS).flat();
