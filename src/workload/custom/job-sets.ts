import { customKind, podSpec, type CustomKind } from './custom-kind.ts';

/** Groups of pods by Kubernetes' own special interest groups, and what scales them. */
export const JOB_SETS: readonly CustomKind[] = [
  /** @see https://github.com/kubernetes-sigs/jobset/blob/v0.8.2/api/jobset/v1alpha2/jobset_types.go */
  customKind('jobsets.jobset.x-k8s.io', 'JobSet', [
    podSpec('spec.replicatedJobs[*].template.spec.template.spec'),
  ]),
  /** @see https://github.com/kubernetes-sigs/lws/blob/v0.7.0/api/leaderworkerset/v1/leaderworkerset_types.go */
  customKind('leaderworkersets.leaderworkerset.x-k8s.io', 'LeaderWorkerSet', [
    podSpec('spec.leaderWorkerTemplate.leaderTemplate.spec'),
    podSpec('spec.leaderWorkerTemplate.workerTemplate.spec'),
  ]),
  /** @see https://github.com/kedacore/keda/blob/v2.17.2/apis/keda/v1alpha1/scaledjob_types.go */
  customKind('scaledjobs.keda.sh', 'ScaledJob', [podSpec('spec.jobTargetRef.template.spec')]),
];
