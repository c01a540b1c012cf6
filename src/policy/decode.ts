import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { ValidationAction } from './decision.ts';
import { parseNamePattern, type NamePattern } from './name-pattern.ts';
import { createPolicy, type Policy } from './policy.ts';
import { parseResource } from './resource.ts';
import { ParameterError, type Check, type Rule } from './rule.ts';
import { parseImageList } from './rules/image-list.ts';
import { RULE_KINDS, type RuleKey } from './rules/index.ts';
import { policySchema, type PolicyDocument, type RuleDocument, type SelectorDocument } from './schema.ts';
import type { Selector } from './selector.ts';

/** Something in a policy that keeps it from being loaded. */
export interface PolicyProblem {
  /** From the root of the document: `['spec', 'rules', 0, 'name']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint: string | undefined;
}

/** All the problems of one document, in the order of the document. */
export class PolicyProblemsError extends Error {
  override readonly name = 'PolicyProblemsError';
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    super(problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
    this.problems = problems;
  }
}

/**
 * Turns a document into a policy that can judge. `language` chooses among a rule's `messages`.
 * @throws {PolicyProblemsError} with everything that is wrong with it.
 */
export async function decodePolicy(document: unknown, language?: string): Promise<Policy> {
  const parsed = policySchema.safeParse(document);
  if (!parsed.success) throw new PolicyProblemsError(parsed.error.issues.flatMap(problemsOf));
  const problems: PolicyProblem[] = [];
  const rules: Rule[] = [];
  const { metadata, spec } = parsed.data;
  for (const [index, rule] of spec.rules.entries()) {
    const path = ['spec', 'rules', index];
    if (rules.some((other) => other.name === rule.name)) {
      problems.push({
        path: [...path, 'name'],
        message: `there is another rule "${rule.name}"`,
        hint: 'give each rule a name of its own',
      });
    }
    try {
      rules.push(await decodeRule(rule, spec.validationActions ?? ['Deny'], language));
    } catch (error) {
      if (!(error instanceof ParameterError)) throw error;
      problems.push({ path: [...path, ...error.path], message: error.message, hint: error.hint });
    }
  }
  if (problems.length > 0) throw new PolicyProblemsError(problems);
  return createPolicy({
    name: metadata.name,
    revision: revisionOf(parsed.data),
    rules,
    unmatchedImages: spec.unmatchedImages,
  });
}

async function decodeRule(
  rule: RuleDocument,
  defaults: readonly ValidationAction[],
  language: string | undefined,
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
  const [first = 'Deny', ...more] = rule.validationActions ?? defaults;
  return {
    name: rule.name,
    kind: key,
    actions: [first, ...more],
    // A wider match makes a rule stricter, a wider exclude laxer.
    match: decodeSelector(rule.match, 'match', 'closes'),
    exclude: decodeSelector(rule.exclude, 'exclude', 'opens'),
    facts: RULE_KINDS[key].facts,
    check: await prepareCheck(key, rule),
    message: chooseMessage(rule, language),
  };
}

async function prepareCheck(key: RuleKey, rule: RuleDocument): Promise<Check> {
  // The schema has decoded the parameters of this very kind, which the index type cannot say.
  const prepare = RULE_KINDS[key].prepare as (parameters: unknown) => Check | Promise<Check>;
  try {
    return await prepare(rule[key]);
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    throw new ParameterError([key, ...error.path], error.message, error.hint, { cause: error });
  }
}

function decodeSelector(
  selector: SelectorDocument | undefined,
  key: string,
  use: 'opens' | 'closes',
): Selector | undefined {
  if (selector === undefined) return undefined;
  const names = (field: 'namespaces' | 'users' | 'groups'): NamePattern[] | undefined =>
    selector[field]?.map((text, index) => parseNamePattern(text, [key, field, index]));
  const resources = selector.resources?.map((text, index) => parseResource(text, [key, 'resources', index]));
  return {
    images: selector.images && parseImageList(selector.images, use, [key, 'images']),
    usages: selector.usages && new Set(selector.usages),
    resources: resources && new Set(resources),
    namespaces: names('namespaces'),
    users: names('users'),
    groups: names('groups'),
  };
}

/** `zh-CN` is content with `zh`; every language is content with the message that has none. */
function chooseMessage(
  { message, messages = {} }: RuleDocument,
  language: string | undefined,
): string | undefined {
  if (language === undefined) return message;
  const byLanguage = new Map(Object.entries(messages));
  return byLanguage.get(language) ?? byLanguage.get(language.split('-')[0] ?? '') ?? message;
}

function revisionOf(document: PolicyDocument): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, 12);
}

function problemsOf(issue: z.core.$ZodIssue): PolicyProblem[] {
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message, hint: undefined }];
  return issue.keys.map((key) => ({
    path: [...path, key],
    message: `"${key}" is not a key that is known here`,
    hint: knownKeysHint(path),
  }));
}

function knownKeysHint(path: readonly (string | number)[]): string | undefined {
  let schema: unknown = policySchema;
  for (const key of path) schema = descend(unwrap(schema), key);
  const shape = shapeOf(unwrap(schema));
  return shape && `known here: ${Object.keys(shape).join(', ')}`;
}

function descend(schema: unknown, key: string | number): unknown {
  if (typeof key === 'number')
    return typeof schema === 'object' && schema !== null && 'element' in schema ? schema.element : undefined;
  const shape = shapeOf(schema);
  return shape && Reflect.get(shape, key);
}

function shapeOf(schema: unknown): object | undefined {
  if (typeof schema !== 'object' || schema === null || !('shape' in schema)) return undefined;
  return typeof schema.shape === 'object' && schema.shape !== null ? schema.shape : undefined;
}

function unwrap(schema: unknown): unknown {
  return typeof schema === 'object' &&
    schema !== null &&
    'unwrap' in schema &&
    typeof schema.unwrap === 'function'
    ? schema.unwrap()
    : schema;
}
