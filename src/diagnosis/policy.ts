import { parsePolicy, PolicyFileError } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { finding, type Finding } from './finding.ts';

/** A policy somewhere, or why it cannot be loaded. */
export type HeldPolicy = { readonly policy: Policy } | { readonly problem: string };

/** The policy that is meant, and the one that gates are given. */
export interface PolicyMaterial {
  /** What `--policy` names. */
  readonly meant: Policy | undefined;
  readonly held: HeldPolicy | 'none' | 'unread';
}

/** The policy by which doctor expects verdicts: the one that is meant, else the one that gates are given. */
export function policyOf({ meant, held }: PolicyMaterial): Policy | undefined {
  if (meant !== undefined) return meant;
  return typeof held === 'object' && 'policy' in held ? held.policy : undefined;
}

/** Loads a policy as a gate that starts would. */
export async function holdPolicy(text: string, place: string): Promise<HeldPolicy> {
  try {
    return { policy: await parsePolicy(text, place) };
  } catch (error) {
    if (!(error instanceof PolicyFileError)) throw error;
    return { problem: error.message };
  }
}

/** Whether there is a policy that can be loaded, and the one that is meant. */
export function examinePolicy({ held, meant }: PolicyMaterial, subject: string): readonly Finding[] {
  if (held === 'unread') return [];
  if (held === 'none') return [finding('POLICY_MISSING', subject, 'there is none')];
  if ('problem' in held) {
    const [first = ''] = held.problem.split('\n');
    return [finding('POLICY_NOT_LOADABLE', subject, first)];
  }
  const { name, revision } = held.policy.identity;
  if (meant === undefined || meant.identity.revision === revision) return [];
  const what = `it holds policy ${name} (${revision}), and --policy names ${meant.identity.name} (${meant.identity.revision})`;
  return [finding('POLICY_DIFFERS', subject, what)];
}
