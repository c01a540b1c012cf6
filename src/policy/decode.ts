import { createHash } from 'node:crypto';
import { ImagePatternError } from '../image/pattern-text.ts';
import { matchesImage, parseImagePattern } from '../image/pattern.ts';
import { oneLine } from '../language/one-line.ts';
import type { Shown } from '../language/phrase.ts';
import { lookUpLanguage } from '../language/tag.ts';
import { kindsIn } from '../workload/kinds.ts';
import { decodeKinds } from './custom-resources.ts';
import type { ValidationAction } from './decision.ts';
import { parseNamePattern, parseNamespacePattern, type NamePattern } from './name-pattern.ts';
import { createPolicy, type Policy } from './policy.ts';
import { parseResource } from './resource.ts';
import { ParameterError, parseImageList } from './parameters.ts';
import { LastTag, type Check, type Rule, type RuleContext } from './rule.ts';
import { RULE_KINDS, type RuleKey } from './rules/index.ts';
import { explainIssues, findHiddenKeys, type PolicyProblem } from './schema-problems.ts';
import { policySchema, type PolicyDocument, type RuleDocument, type SelectorDocument } from './schema.ts';
import type { Selector } from './selector.ts';

/** All problems of one document, in the order of the document. */
export class PolicyProblemsError extends Error {
  override readonly name = 'PolicyProblemsError';
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    super(problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
    this.problems = problems;
  }
}

/**
 * Makes a policy from a document. `language` selects one of a rule's `messages`.
 * @throws {PolicyProblemsError} with all problems of the document.
 */
export async function decodePolicy(document: unknown, language?: string): Promise<Policy> {
  const parsed = policySchema.safeParse(document);
  if (!parsed.success) throw new PolicyProblemsError(explainIssues(parsed.error.issues, document));
  const problems = findHiddenKeys(document);
  const rules: Rule[] = [];
  const { metadata, spec } = parsed.data;
  const { kinds, problems: kindProblems } = decodeKinds(spec.customResources);
  problems.push(...kindProblems);
  const context: RuleContext = { lastTag: new LastTag() };
  const resources = new Set(kindsIn(kinds).map(({ resource }) => resource));
  for (const [index, rule] of spec.rules.entries()) {
    const path = ['spec', 'rules', index];
    if (rules.some((other) => other.name === rule.name)) {
      problems.push({
        path: [...path, 'name'],
        message: `there is another rule "${rule.name}"`,
        hint: 'give each rule a different name',
      });
    }
    try {
      rules.push(
        await decodeRule(rule, { actions: spec.validationActions ?? ['Deny'], language, resources, context }),
      );
    } catch (error) {
      if (!(error instanceof ParameterError)) throw error;
      problems.push({ path: [...path, ...error.path], message: error.message, hint: error.hint });
    }
  }
  if (
    spec.unmatchedImages === 'Deny' &&
    problems.length === 0 &&
    rules.every(({ vouchesFor }) => !vouchesFor)
  )
    problems.push(NOTHING_ADMITTED);
  if (problems.length > 0) throw new PolicyProblemsError(problems);
  return createPolicy({
    identity: { name: metadata.name, revision: revisionOf(parsed.data) },
    rules,
    unmatchedImages: spec.unmatchedImages,
    kinds,
  });
}

const NOTHING_ADMITTED: PolicyProblem = {
  path: ['spec', 'unmatchedImages'],
  message:
    'every image would be refused: no rule with the action Deny names images in allowedImages or match.images',
  hint: 'write Allow, or add a rule such as {name: registries, allowedImages: {images: [registry.example.com/**]}}',
};

/** The parts of the policy that a rule needs. */
interface PolicyDefaults {
  readonly actions: readonly ValidationAction[];
  readonly language: string | undefined;
  /** The resources whose images are found. */
  readonly resources: ReadonlySet<string>;
  readonly context: RuleContext;
}

async function decodeRule(
  rule: RuleDocument,
  { actions, language, resources, context }: PolicyDefaults,
): Promise<Rule> {
  const [key, ...others] = (Object.keys(RULE_KINDS) as RuleKey[]).filter(
    (known) => rule[known] !== undefined,
  );
  if (key === undefined || others.length > 0) {
    const found = key === undefined ? 'none' : [key, ...others].join(' and ');
    throw new ParameterError(
      [],
      `a rule has exactly one check, this one has ${found}`,
      `one of ${Object.keys(RULE_KINDS).join(', ')}`,
    );
  }
  const [first = 'Deny', ...more] = rule.validationActions ?? actions;
  return {
    name: rule.name,
    kind: key,
    actions: [first, ...more],
    vouchesFor: first === 'Deny' ? voucherOf(key, rule) : undefined,
    // A wider match makes a rule stricter. A wider exclude makes it less strict.
    match: decodeSelector(rule.match, 'match', 'closes', resources),
    exclude: decodeSelector(rule.exclude, 'exclude', 'opens', resources),
    check: await prepareCheck(key, rule, context),
    message: chooseMessage(rule, language),
  };
}

async function prepareCheck(key: RuleKey, rule: RuleDocument, context: RuleContext): Promise<Check> {
  // The schema has decoded the parameters of this kind. The index type cannot express that.
  const prepare = RULE_KINDS[key].prepare as (
    parameters: unknown,
    context: RuleContext,
  ) => Check | Promise<Check>;
  try {
    return await prepare(rule[key], context);
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    throw new ParameterError([key, ...error.path], error.message, error.hint, { cause: error });
  }
}

/**
 * Only `allowedImages` and `match.images` name images. A pattern of `match.images` is read as one that admits: each registry
 * by its own name, no wildcard for the registry. A pattern that cannot be read so vouches for nothing.
 */
function voucherOf(key: RuleKey, rule: RuleDocument): Rule['vouchesFor'] {
  if ('namesImages' in RULE_KINDS[key]) return () => true;
  const patterns = (rule.match?.images ?? []).flatMap((text) => {
    try {
      return [parseImagePattern(text, 'opens')];
    } catch (error) {
      if (!(error instanceof ImagePatternError)) throw error;
      return [];
    }
  });
  if (patterns.length === 0) return undefined;
  return (image) => patterns.some((pattern) => matchesImage(pattern, image));
}

function decodeSelector(
  selector: SelectorDocument | undefined,
  key: string,
  use: 'opens' | 'closes',
  known: ReadonlySet<string>,
): Selector | undefined {
  if (selector === undefined) return undefined;
  const names = (field: 'users' | 'groups'): NamePattern[] | undefined =>
    selector[field]?.map((text, index) => parseNamePattern(text, [key, field, index]));
  const namespaces = selector.namespaces?.map((text, index) =>
    parseNamespacePattern(text, [key, 'namespaces', index]),
  );
  const resources = selector.resources?.map((text, index) =>
    parseResource(text, [key, 'resources', index], known),
  );
  return {
    images: selector.images && parseImageList(selector.images, use, [key, 'images']),
    usages: selector.usages && new Set(selector.usages),
    resources: resources && new Set(resources),
    namespaces,
    users: names('users'),
    groups: names('groups'),
  };
}

/** `zh-CN` falls back to `zh`, and every language falls back to `message`. */
function chooseMessage({ message, messages }: RuleDocument, language: string | undefined): Shown | undefined {
  const chosen =
    language === undefined ? undefined : lookUpLanguage(language, Object.entries(messages ?? {}));
  const words = chosen ?? message;
  return words === undefined ? undefined : oneLine(words);
}

function revisionOf(document: PolicyDocument): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, 12);
}
