import assert from 'node:assert/strict';
import { parsePolicy } from '../../src/policy-source/load.ts';
import { PolicyFileError } from '../../src/policy-source/policy-file.ts';

/** Marks the position of a problem in a text. It is removed before the text is parsed. */
export const HERE = '▶';

export const HEAD =
  'apiVersion: kube-image-bouncer.io/v1alpha1\nkind: ImageAdmissionPolicy\nmetadata: {name: p}\n';

/** The text of a policy with these rules, which are already indented. */
export function policyText(rules: string): string {
  return `${HEAD}spec:\n  unmatchedImages: Allow\n  rules:\n${rules}\n`;
}

/** The text of a policy with one rule that has these additional lines. */
export function ruleText(...lines: readonly string[]): string {
  return policyText(['  - name: a', ...lines.map((line) => `    ${line}`)].join('\n'));
}

/** A title, a text with the mark at the problem, and the message after file, line and column. */
export type BadPolicy = readonly [what: string, marked: string, message: string];

/** Asserts that a policy is refused at the mark with this message. */
export async function assertRefused(marked: string, message: string): Promise<void> {
  const { text, place } = locate(marked);
  assert.equal(await refusalOf(text), `${place}: ${message}`);
}

/** The position of the mark, and the text without the mark. */
export function locate(marked: string): { readonly text: string; readonly place: string } {
  const before = marked.slice(0, marked.indexOf(HERE)).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return { text: marked.replace(HERE, ''), place: `policy.yaml:${before.length}:${column}` };
}

/** The first line of the error for a policy. */
export async function refusalOf(text: string): Promise<string> {
  try {
    await parsePolicy(text, 'policy.yaml');
  } catch (error) {
    assert.ok(error instanceof PolicyFileError, String(error));
    return error.message.split('\n')[0] ?? '';
  }
  return assert.fail('the policy was loaded');
}
