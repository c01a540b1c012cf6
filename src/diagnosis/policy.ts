import { parsePolicy } from '../policy-source/load.ts';
import { PolicyFileError } from '../policy-source/policy-file.ts';
import { sayWarning } from '../policy/lint.ts';
import type { Policy } from '../policy/policy.ts';
import { finding, type Finding } from './finding.ts';

/** The policy in a file or a ConfigMap, or the reason why it cannot be loaded. */
type HeldPolicy = { readonly policy: Policy } | { readonly problem: string };

/** The policy of `--policy`, and the policy that the gates use. */
export interface PolicyMaterial {
  /** The policy of `--policy`. */
  readonly meant: Policy | undefined;
  readonly held: HeldPolicy | 'none' | 'unread';
}

/** The policy by which doctor expects verdicts: that of `--policy`; otherwise that of the gates. */
export function policyOf({ meant, held }: PolicyMaterial): Policy | undefined {
  if (meant !== undefined) return meant;
  return typeof held === 'object' && 'policy' in held ? held.policy : undefined;
}

/** Loads a policy in the same way as a gate at its start. */
export async function holdPolicy(text: string, place: string): Promise<HeldPolicy> {
  try {
    return { policy: await parsePolicy(text, place) };
  } catch (error) {
    if (!(error instanceof PolicyFileError)) throw error;
    return { problem: error.message };
  }
}

/** Checks that the policy exists, that it can be loaded without warnings, and that it is the policy of `--policy`. */
export function examinePolicy({ held, meant }: PolicyMaterial, subject: string): readonly Finding[] {
  if (held === 'unread') return [];
  if (held === 'none') return [finding('POLICY_MISSING', subject, 'it does not exist')];
  if ('problem' in held) {
    const [first = ''] = held.problem.split('\n');
    return [finding('POLICY_NOT_LOADABLE', subject, first)];
  }
  const { name, revision } = held.policy.identity;
  const warnings = held.policy.warnings.map((warning) =>
    finding('POLICY_WARNING', subject, sayWarning(warning)),
  );
  if (meant === undefined || meant.identity.revision === revision) return warnings;
  const what = `it has policy ${name} (${revision}), and --policy has ${meant.identity.name} (${meant.identity.revision})`;
  return [...warnings, finding('POLICY_DIFFERS', subject, what)];
}
