import { createHash } from 'node:crypto';
import { kindsIn } from '../workload/kinds.ts';
import { decodeKinds } from './custom-resources.ts';
import { lintRules, type PolicyWarning } from './lint.ts';
import { decodeRule, type RuleDefaults } from './decode-rule.ts';
import { type PolicyProblem, ProblemList } from './parameter-error.ts';
import { createPolicy, type Policy } from './policy.ts';
import { LastTag, type Rule } from './rule.ts';
import { explainIssues, findHiddenKeys } from './schema-problems.ts';
import { policySchema, type PolicyDocument } from './schema.ts';

/** All problems of one document, in the order of the document. */
export class PolicyProblemsError extends Error {
  override readonly name = 'PolicyProblemsError';
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    super(problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
    this.problems = problems;
  }
}

interface DecodeOptions {
  /** Awaited between pieces of the work, so that other work can go first: a large policy takes some 100 milliseconds. */
  readonly pause?: (() => Promise<void> | undefined) | undefined;
  /** The warnings about the document, if it was decoded before. It is not examined again for them. */
  readonly warnings?: readonly PolicyWarning[];
}

/**
 * Makes a policy from a document. `language` selects one of a rule's `messages`.
 * @throws {PolicyProblemsError} with all problems of the document.
 */
export async function decodePolicy(
  document: unknown,
  language?: string,
  { pause = () => undefined, warnings }: DecodeOptions = {},
): Promise<Policy> {
  const parsed = policySchema.safeParse(document);
  if (!parsed.success) throw new PolicyProblemsError(explainIssues(parsed.error.issues, document));
  await pause();
  const { metadata, spec } = parsed.data;
  const { kinds, problems: kindProblems } = decodeKinds(spec.customResources);
  const { rules, problems: ruleProblems } = await decodeRules(spec.rules, {
    actions: spec.validationActions ?? ['Deny'],
    language,
    resources: new Set(kindsIn(kinds).map(({ resource }) => resource)),
    context: { lastTag: new LastTag(), shortNames: spec.shortNames ?? 'DockerHub' },
    pause,
  });
  await pause();
  const problems = [...findHiddenKeys(document), ...kindProblems, ...ruleProblems];
  const isKnown = problems.length > 0 || warnings !== undefined;
  const lint = isKnown ? { problems: [], warnings: warnings ?? [] } : lintRules(spec);
  problems.push(...lint.problems);
  const canVouch = rules.some(({ vouchesFor }) => vouchesFor !== undefined);
  if (spec.unmatchedImages === 'Deny' && problems.length === 0 && !canVouch) problems.push(NOTHING_ADMITTED);
  if (problems.length > 0) throw new PolicyProblemsError(problems);
  return createPolicy({
    identity: { name: metadata.name, revision: revisionOf(parsed.data) },
    rules,
    unmatchedImages: spec.unmatchedImages,
    shortNames: spec.shortNames ?? 'DockerHub',
    kinds,
    warnings: lint.warnings,
  });
}

async function decodeRules(
  documents: PolicyDocument['spec']['rules'],
  { pause, ...defaults }: RuleDefaults & { readonly pause: () => Promise<void> | undefined },
): Promise<{ readonly rules: readonly Rule[]; readonly problems: readonly PolicyProblem[] }> {
  const rules: Rule[] = [];
  const list = new ProblemList();
  const names = new Set<string>();
  for (const [index, document] of documents.entries()) {
    await pause();
    const path = ['spec', 'rules', index];
    if (names.has(document.name)) {
      list.problems.push({
        path: [...path, 'name'],
        message: `there is another rule "${document.name}"`,
        hint: 'give each rule a different name',
      });
    }
    names.add(document.name);
    const rule = await list.attempt(path, () => decodeRule(document, defaults));
    if (rule !== undefined) rules.push(rule);
  }
  return { rules, problems: list.problems };
}

const NOTHING_ADMITTED: PolicyProblem = {
  path: ['spec', 'unmatchedImages'],
  message:
    'every image would be refused: no rule with the action Deny names images in allowedImages or match.images',
  hint: 'write Allow, or add a rule such as {name: registries, allowedImages: {images: [registry.example.com/**]}}',
};

function revisionOf(document: PolicyDocument): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, 12);
}
