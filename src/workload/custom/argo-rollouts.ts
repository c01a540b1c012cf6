import { customKind, podSpec, type CustomKind } from './custom-kind.ts';

const JOB_METRICS = podSpec('spec.metrics[*].provider.job.spec.template.spec');

/** @see https://github.com/argoproj/argo-rollouts/tree/v1.8.3/pkg/apis/rollouts/v1alpha1 */
export const ARGO_ROLLOUTS: readonly CustomKind[] = [
  // With `workloadRef` the template is that of a Deployment, which is judged itself.
  customKind('rollouts.argoproj.io', 'Rollout', [podSpec('spec.template.spec')]),
  customKind('experiments.argoproj.io', 'Experiment', [podSpec('spec.templates[*].template.spec')]),
  customKind('analysistemplates.argoproj.io', 'AnalysisTemplate', [JOB_METRICS]),
  customKind('clusteranalysistemplates.argoproj.io', 'ClusterAnalysisTemplate', [JOB_METRICS], {
    scope: 'Cluster',
  }),
  customKind('analysisruns.argoproj.io', 'AnalysisRun', [JOB_METRICS]),
];
