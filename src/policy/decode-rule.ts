import { PatternList } from '../image/pattern-index.ts';
import { oneLine } from '../language/one-line.ts';
import type { Shown } from '../language/phrase.ts';
import { lookUpLanguage } from '../language/tag.ts';
import type { ValidationAction } from './decision.ts';
import { parseNamePattern, parseNamespacePattern, type NamePattern } from './name-pattern.ts';
import { parameterError, ProblemList } from './parameter-error.ts';
import { parseImageList, patternsThatOpen } from './parameters.ts';
import { parseResource } from './resource.ts';
import type { Check, Rule, RuleContext } from './rule.ts';
import { RULE_KINDS, type RuleKey } from './rules/index.ts';
import type { RuleDocument, SelectorDocument } from './schema.ts';
import type { Selector } from './selector.ts';

/** The parts of the policy that a rule needs. */
export interface RuleDefaults {
  readonly actions: readonly ValidationAction[];
  readonly language: string | undefined;
  /** The resources whose images are found. */
  readonly resources: ReadonlySet<string>;
  readonly context: RuleContext;
}

/**
 * Makes a rule from its part of a document.
 * @throws {ParameterError} with all problems of the rule
 */
export async function decodeRule(rule: RuleDocument, defaults: RuleDefaults): Promise<Rule> {
  const { actions, language, resources, context } = defaults;
  const fullNamesOnly = context.shortNames === 'Refuse';
  const key = checkOf(rule);
  const list = new ProblemList();
  // A wider match makes a rule stricter. A wider exclude makes it less strict.
  const match = await list.attempt(['match'], () => decodeSelector(rule.match, 'closes', resources, false));
  const exclude = await list.attempt(['exclude'], () =>
    decodeSelector(rule.exclude, 'opens', resources, fullNamesOnly),
  );
  const check = await list.attempt([key], () => prepareCheck(key, rule, context));
  list.throwIfAny();
  // Without a problem there is a check.
  if (check === undefined) throw new TypeError(`no check: ${key}`);
  const [first = 'Deny', ...more] = rule.validationActions ?? actions;
  return {
    name: rule.name,
    kind: key,
    actions: [first, ...more],
    match,
    exclude,
    check,
    vouchesFor: first === 'Deny' ? await voucherOf(key, rule, fullNamesOnly) : undefined,
    message: chooseMessage(rule, language),
  };
}

function checkOf(rule: RuleDocument): RuleKey {
  const known = Object.keys(RULE_KINDS) as RuleKey[];
  const [key, ...others] = known.filter((name) => rule[name] !== undefined);
  if (key !== undefined && others.length === 0) return key;
  const found = key === undefined ? 'none' : [key, ...others].join(' and ');
  const message = `a rule has exactly one check, this one has ${found}`;
  throw parameterError([], message, `one of ${known.join(', ')}`);
}

function prepareCheck(key: RuleKey, rule: RuleDocument, context: RuleContext): Check | Promise<Check> {
  // The schema has decoded the parameters of this kind. The index type cannot express that.
  const prepare = RULE_KINDS[key].prepare as (
    parameters: unknown,
    context: RuleContext,
  ) => Check | Promise<Check>;
  return prepare(rule[key], context);
}

/**
 * Only `allowedImages` and `match.images` name images. A pattern of `match.images` is read as one that admits: each registry
 * by its own name, no wildcard for the registry. A pattern that cannot be read so vouches for nothing.
 */
async function voucherOf(
  key: RuleKey,
  rule: RuleDocument,
  fullNamesOnly: boolean,
): Promise<Rule['vouchesFor']> {
  if ('namesImages' in RULE_KINDS[key]) return () => true;
  const patterns = await patternsThatOpen(rule.match?.images ?? []);
  if (patterns.length === 0) return undefined;
  const list = new PatternList(patterns, fullNamesOnly);
  return (image) => list.matches(image);
}

async function decodeSelector(
  selector: SelectorDocument | undefined,
  use: 'opens' | 'closes',
  known: ReadonlySet<string>,
  fullNamesOnly: boolean,
): Promise<Selector | undefined> {
  if (selector === undefined) return undefined;
  const list = new ProblemList();
  const names = (field: 'users' | 'groups'): NamePattern[] | undefined =>
    selector[field] && list.each(selector[field], [field], (text) => parseNamePattern(text, []));
  const images =
    selector.images && (await list.attempt([], () => parseImageList(selector.images ?? [], use)));
  const resources =
    selector.resources &&
    list.each(selector.resources, ['resources'], (text) => parseResource(text, [], known));
  const namespaces =
    selector.namespaces &&
    list.each(selector.namespaces, ['namespaces'], (text) => parseNamespacePattern(text, []));
  const [users, groups] = [names('users'), names('groups')];
  list.throwIfAny();
  return {
    images: images && new PatternList(images, fullNamesOnly),
    usages: selector.usages && new Set(selector.usages),
    resources: resources && new Set(resources),
    namespaces,
    users,
    groups,
  };
}

/** `zh-CN` falls back to `zh`, and every language falls back to `message`. */
function chooseMessage({ message, messages }: RuleDocument, language: string | undefined): Shown | undefined {
  const chosen =
    language === undefined ? undefined : lookUpLanguage(language, Object.entries(messages ?? {}));
  const words = chosen ?? message;
  return words === undefined ? undefined : oneLine(words);
}
