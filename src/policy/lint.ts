import type { Path } from '../document/json.ts';
import { matchesGlob } from '../image/glob.ts';
import { admitsEverybody } from '../image/shared-registry.ts';
import { parseNamePattern } from './name-pattern.ts';
import { type PolicyProblem, sayProblem } from './parameter-error.ts';
import type { PolicyDocument, RuleDocument, SelectorDocument } from './schema.ts';

/** Stable codes of warnings about a policy. docs/errors.md lists them with their remedies. */
type PolicyWarningCode =
  | 'ADMITS_EVERYBODY'
  | 'EXCLUDES_CONTROLLERS'
  | 'EXCLUDES_TEMPLATES_ONLY'
  | 'EXCLUDES_PODS'
  | 'RULES_CONTRADICT';

/** A part of a policy that is legal, and probably not what its author means. */
export interface PolicyWarning extends PolicyProblem {
  readonly code: PolicyWarningCode;
  readonly hint: string;
  /** `file:line:column`; absent if the policy is not from a file. */
  readonly place?: string;
}

/** A warning as text, with its code and its place. */
export function sayWarning(warning: PolicyWarning): string {
  const place = warning.place === undefined ? '' : `${warning.place}: `;
  return `${warning.code}: ${place}${sayProblem(warning)}`;
}

/** Problems and warnings about rules that a loader of single values cannot see. */
interface Lint {
  readonly problems: readonly PolicyProblem[];
  readonly warnings: readonly PolicyWarning[];
}

/** Examines the rules of a document whose values are all valid. */
export function lintRules(spec: PolicyDocument['spec']): Lint {
  const { unmatchedImages, rules } = spec;
  const isRefusing = ({ validationActions = spec.validationActions ?? ['Deny'] }: RuleDocument): boolean =>
    validationActions.includes('Deny');
  const problems: PolicyProblem[] = [];
  const warnings: PolicyWarning[] = [];
  for (const [index, rule] of rules.entries()) {
    const path = ['spec', 'rules', index];
    const idle = findIdleExclusion(rule);
    if (idle === undefined) warnings.push(...exclusionWarnings(rule, [...path, 'exclude']));
    else problems.push({ ...idle, path: [...path, 'exclude', ...idle.path] });
    const lists: [Path, readonly string[] | undefined][] = [
      [['allowedImages', 'images'], rule.allowedImages?.images],
      [['exclude', 'images'], rule.exclude?.images],
      [['match', 'images'], unmatchedImages === 'Deny' ? rule.match?.images : undefined],
    ];
    for (const [list, texts = []] of lists) warnings.push(...sharedWarnings(texts, [...path, ...list]));
  }
  warnings.push(...findContradictions(rules.filter(isRefusing), rules));
  return { problems, warnings };
}

/** Controllers of Kubernetes that create pods, and their groups. Everybody who may create a Deployment uses them. */
const CONTROLLER_USERS = [
  'replicaset-controller',
  'replication-controller',
  'statefulset-controller',
  'daemon-set-controller',
  'job-controller',
]
  .map((name) => `system:serviceaccount:kube-system:${name}`)
  .concat('system:kube-controller-manager');
const CONTROLLER_GROUPS = ['system:serviceaccounts', 'system:serviceaccounts:kube-system'];
const EVERYBODY = 'system:authenticated';

function exclusionWarnings({ match, exclude }: RuleDocument, path: Path): PolicyWarning[] {
  if (exclude === undefined) return [];
  const { users = [], groups = [], resources, namespaces, images } = exclude;
  if (
    resources?.includes('pods') === true &&
    users.length + groups.length === 0 &&
    namespaces === undefined
  ) {
    const message =
      'the rule does not apply to pods, so a pod that a user creates directly may use any image';
    return [{ code: 'EXCLUDES_PODS', path: [...path, 'resources'], message, hint: 'leave pods out' }];
  }
  // With a namespace or an image, the exception is as wide as its author wrote it.
  if (namespaces !== undefined || images !== undefined) return [];
  const named: (readonly [Path, string, readonly string[]])[] = [
    ...users.map((text, index) => [[...path, 'users', index], text, CONTROLLER_USERS] as const),
    ...groups.map((text, index) => [[...path, 'groups', index], text, CONTROLLER_GROUPS] as const),
  ];
  const judgesTemplates = match?.resources?.some((resource) => resource !== 'pods') ?? true;
  return named.flatMap(([place, text, controllers]): PolicyWarning[] => {
    const isController = controllers.some(parseNamePattern(text, []));
    if (isController) {
      const message = `${JSON.stringify(text)} includes the controllers that create the pods of every namespace, so the rule does not apply to these pods`;
      const hint = 'name the namespaces in exclude.namespaces, as in [kube-system]';
      return [{ code: 'EXCLUDES_CONTROLLERS', path: place, message, hint }];
    }
    if (!judgesTemplates || resources !== undefined || text.startsWith('system:node')) return [];
    const message = `${JSON.stringify(text)} may create templates such as Deployments with any image, but the rule applies to their pods, which controllers create`;
    const hint =
      'exclude images or namespaces, or write exclude.resources: [pods] beside it for pods that they create directly';
    return [{ code: 'EXCLUDES_TEMPLATES_ONLY', path: place, message, hint }];
  });
}

function sharedWarnings(texts: readonly string[], path: Path): PolicyWarning[] {
  return texts.flatMap((text, index): PolicyWarning[] => {
    const [registry = '', ...segments] = text.split('/');
    if (!admitsEverybody(registry, segments)) return [];
    const message = `${JSON.stringify(text)} admits images that anybody can publish there`;
    const hint = `name your own part of it, as in ${registry}/my-organization/**`;
    return [{ code: 'ADMITS_EVERYBODY', path: [...path, index], message, hint }];
  });
}

/** The exclusion of a rule that then applies to nothing. */
function findIdleExclusion({ match = {}, exclude }: RuleDocument): PolicyProblem | undefined {
  if (exclude === undefined) return undefined;
  const nothing = 'the exclusion lets off everything that the rule matches, so the rule does nothing';
  const hint = 'exclude less than the rule matches, or remove the rule';
  const everybody = exclude.groups?.findIndex((text) => parseNamePattern(text, [])(EVERYBODY)) ?? -1;
  if (everybody !== -1 && Object.keys(exclude).length === 1) {
    const message = `every user is in ${EVERYBODY}, so the rule does nothing`;
    return { path: ['groups', everybody], message, hint: 'name a smaller group' };
  }
  const keys = Object.keys(exclude) as (keyof SelectorDocument)[];
  const isIdle = keys.every((key) => {
    const [wide = [], narrow] = [exclude[key], match[key] ?? EVERY[key]];
    return narrow?.every((text) => wide.some((pattern) => COVERS[key](pattern, text))) === true;
  });
  return isIdle ? { path: [], message: nothing, hint } : undefined;
}

/** All values of a field, for a rule that does not name any. */
const EVERY: Partial<Record<keyof SelectorDocument, readonly string[]>> = {
  usages: ['container', 'initContainer', 'ephemeralContainer', 'imageVolume'],
};

const coversName = (wide: string, narrow: string): boolean => parseNamePattern(wide, [])(narrow);
const isSame = (wide: string, narrow: string): boolean => wide === narrow;

/** Whether everything that one text selects is selected by another one. A "*" in the narrow text is an ordinary character. */
const COVERS: Record<keyof SelectorDocument, (wide: string, narrow: string) => boolean> = {
  images: coversImages,
  usages: isSame,
  resources: isSame,
  namespaces: coversName,
  users: coversName,
  groups: coversName,
};

function coversImages(wide: string, narrow: string): boolean {
  const [wideRegistry, ...segments] = wide.split('/');
  const [narrowRegistry, ...path] = narrow.split('/');
  if (wideRegistry !== narrowRegistry) return false;
  // One or two segments in the place of each "**".
  return ['x', 'x/x'].every((text) =>
    matchesGlob(segments, path.map((segment) => (segment === '**' ? text : segment)).join('/'), '/'),
  );
}

/** Rules for the same images of which no image satisfies both. */
function findContradictions(
  refusing: readonly RuleDocument[],
  all: readonly RuleDocument[],
): PolicyWarning[] {
  const whole = refusing.filter(({ match, exclude }) => match === undefined && exclude === undefined);
  const pinned = whole.find(({ requiredDigest }) => requiredDigest !== undefined);
  const tagged = whole.find(
    ({ allowedTags }) => allowedTags !== undefined && allowedTags.withDigest !== 'Allow',
  );
  if (pinned === undefined || tagged === undefined) return [];
  const message = `no image satisfies this rule and "${pinned.name}", which requires a digest`;
  const hint = 'write withDigest: Allow here, or give the two rules a match for different images';
  const path = ['spec', 'rules', all.indexOf(tagged), 'allowedTags'];
  return [{ code: 'RULES_CONTRADICT', path, message, hint }];
}
