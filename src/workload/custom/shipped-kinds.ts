import { ARGO_ROLLOUTS, ARGO_WORKFLOWS } from './argo.ts';
import type { CustomKind } from './custom-kind.ts';
import { KUBEVIRT } from './kubevirt.ts';
import { OPEN_KRUISE } from './open-kruise.ts';
import { KNATIVE, KSERVE } from './serving.ts';
import { TEKTON } from './tekton.ts';
import { JOB_SETS, KUBEFLOW, RAY } from './training.ts';

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
