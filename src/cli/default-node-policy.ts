import { defaultPolicyDocument } from '../policy/default-policy.ts';
import type { PolicyDocument, RuleDocument } from '../policy/schema.ts';
import type { KubeSystemMode } from '../webhook/configuration.ts';

const KUBE_SYSTEM = { namespaces: ['kube-system'] };

/**
 * The policy of a node that brings none: no tag `latest`, and in kube-system, on which the cluster itself stands, what
 * `mode` says. `ImagePolicyWebhook` has no selector of its own, so that the policy has to say it.
 */
export function defaultNodePolicy(mode: KubeSystemMode): PolicyDocument {
  const document = defaultPolicyDocument([]);
  const { spec } = document;
  switch (mode) {
    case 'deny':
      return document;
    case 'exempt': {
      const rules = spec.rules.map((rule) => ({ ...rule, exclude: KUBE_SYSTEM }));
      return { ...document, spec: { ...spec, unmatchedImages: 'Allow', rules } };
    }
    case 'warn': {
      const rules = spec.rules.flatMap((rule): RuleDocument[] => [
        { ...rule, exclude: KUBE_SYSTEM },
        {
          ...rule,
          name: `${rule.name}-in-kube-system`,
          match: KUBE_SYSTEM,
          validationActions: ['Warn', 'Audit'],
        },
      ]);
      return { ...document, spec: { ...spec, rules } };
    }
  }
}
