import { isAtLeast, type KubernetesVersion } from '../../kubernetes/version.ts';
import { matchConditions } from '../../webhook/match-conditions.ts';
import type { Policy } from '../../policy/policy.ts';
import { KNOWN_KINDS } from '../../workload/kinds.ts';
import { NAMESPACE_NAME_LABEL } from '../../wiring/names.ts';
import { finding, type Finding } from '../finding.ts';
import { keysOf } from '../../wiring/label-selector.ts';
import { type Remedy, remedy, shellCommand } from '../remedy.ts';
import { describeWebhook, type SeenWebhook } from '../../wiring/webhook-configuration.ts';

/** Checks that no user can avoid a webhook through its selectors and conditions (E01 – E04). */
export function examineSelectors(
  webhooks: readonly SeenWebhook[],
  version: KubernetesVersion,
  policy: Policy | undefined,
): readonly Finding[] {
  const known = matchConditions(NEWEST, policy?.kinds ?? KNOWN_KINDS);
  const ours = new Set(known.map(({ expression }) => squeeze(expression)));
  return webhooks.flatMap((webhook) => {
    const subject = describeWebhook(webhook);
    return [
      ...examineNamespaceSelector(webhook, version, subject),
      ...examineObjectSelector(webhook, subject),
      ...examineConditions(webhook, subject, ours),
    ];
  });
}

/** Labels of a namespace selector that users can set. */
export function settableKeys({ namespaceSelector }: SeenWebhook): readonly string[] {
  return keysOf(namespaceSelector).filter((key) => key !== NAMESPACE_NAME_LABEL);
}

function examineNamespaceSelector(
  webhook: SeenWebhook,
  version: KubernetesVersion,
  subject: string,
): readonly Finding[] {
  const settable = settableKeys(webhook);
  const usesName = keysOf(webhook.namespaceSelector).includes(NAMESPACE_NAME_LABEL);
  return [
    ...(settable.length > 0
      ? [finding('SELECTOR_SETTABLE', subject, `its namespaceSelector uses ${settable.join(', ')}`)]
      : []),
    ...(usesName && !isAtLeast(version, 1, 21)
      ? [
          finding(
            'SELECTOR_TOO_OLD',
            subject,
            `its namespaceSelector uses ${NAMESPACE_NAME_LABEL} on ${version.text}`,
          ),
        ]
      : []),
  ];
}

function examineObjectSelector(webhook: SeenWebhook, subject: string): readonly Finding[] {
  const keys = keysOf(webhook.objectSelector);
  if (keys.length === 0) return [];
  const what = `its objectSelector uses ${keys.join(', ')}`;
  return [finding('OBJECT_SELECTOR', subject, what, removal(webhook, 'objectSelector'))];
}

/** The conditions that `bootstrap` writes for the policy exclude no image. Other conditions are not evaluated. */
function examineConditions(
  webhook: SeenWebhook,
  subject: string,
  ours: ReadonlySet<string>,
): readonly Finding[] {
  return webhook.matchConditions.flatMap(({ name, expression }, index) => {
    if (ours.has(squeeze(expression))) return [];
    const what = `matchCondition ${name} is ${squeeze(expression)}`;
    return [finding('MATCH_CONDITION', subject, what, removal(webhook, `matchConditions/${index}`))];
  });
}

/** The command that removes one field of a webhook, and changes nothing else. */
function removal({ source, configuration, index }: SeenWebhook, field: string): Remedy {
  if (source !== `ValidatingWebhookConfiguration ${configuration}`) return [`remove ${field} from ${source}`];
  const patch = JSON.stringify([{ op: 'remove', path: `/webhooks/${index}/${field}` }]);
  const target = ['validatingwebhookconfiguration', configuration];
  return remedy`${shellCommand('kubectl', 'patch', ...target, '--type=json', '-p', patch)}`;
}

const NEWEST: KubernetesVersion = { major: 1, minor: 999, text: '' };

function squeeze(expression: string): string {
  return expression.replaceAll(/\s+/g, ' ').trim();
}
