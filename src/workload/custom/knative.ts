import { customKind, podSpec, type CustomKind } from './custom-kind.ts';

/** @see https://github.com/knative/serving/tree/v0.46.0/pkg/apis/serving/v1 */
export const KNATIVE: readonly CustomKind[] = [
  customKind('services.serving.knative.dev', 'Service', [podSpec('spec.template.spec')]),
  customKind('configurations.serving.knative.dev', 'Configuration', [podSpec('spec.template.spec')]),
  customKind('revisions.serving.knative.dev', 'Revision', [podSpec('spec')]),
];
