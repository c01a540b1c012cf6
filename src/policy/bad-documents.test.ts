import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  assertRefused,
  type BadPolicy,
  HEAD,
  HERE,
  policyText,
  refusalOf,
  ruleText,
} from '#test/bad-policies.ts';
import { RULE_KINDS } from './rules/index.ts';

const RULE_KEYS = `known keys: name, match, exclude, validationActions, message, messages, ${Object.keys(RULE_KINDS).join(', ')}`;
const A_NAME =
  'a name has lower-case letters, digits, "-" and "." only, and begins and ends with a letter or a digit';

describe('a document that is not a policy is refused with the position of the error', () => {
  const table: readonly BadPolicy[] = [
    ['C09 an empty file', HERE, 'the policy is empty (write a policy, or leave --policy out)'],
    [
      'C09 comments only',
      `${HERE}# nothing\n# here\n`,
      'the policy is empty (write a policy, or leave --policy out)',
    ],
    [
      'C09 only a document mark',
      `${HERE}---\n`,
      'the policy is empty (write a policy, or leave --policy out)',
    ],
    ['a list', `${HERE}- a\n`, 'a list is not allowed here (write a map of fields)'],
    ['a text', `${HERE}policy\n`, 'a text of 6 characters is not allowed here (write a map of fields)'],
    [
      'two documents',
      `${ruleText('requiredDigest: {}')}---\n${HERE}kind: x\n`,
      'a second document begins here (keep one policy per file)',
    ],
    [
      'another apiVersion',
      ruleText('requiredDigest: {}').replace(
        'apiVersion: kube-image-bouncer.io/v1alpha1',
        `${HERE}apiVersion: v1`,
      ),
      'apiVersion: "v1" is not allowed here (write kube-image-bouncer.io/v1alpha1)',
    ],
    [
      'another kind',
      ruleText('requiredDigest: {}').replace('kind: ImageAdmissionPolicy', `${HERE}kind: ClusterImagePolicy`),
      'kind: "ClusterImagePolicy" is not allowed here (write ImageAdmissionPolicy)',
    ],
    [
      'no name',
      ruleText('requiredDigest: {}').replace('metadata: {name: p}', `${HERE}metadata: {}`),
      'metadata.name: it is missing (write text; put numbers and booleans in quotes)',
    ],
    [
      'a bad name',
      ruleText('requiredDigest: {}').replace('{name: p}', `{${HERE}name: My_Policy}`),
      `metadata.name: ${A_NAME}`,
    ],
    ['no spec', `${HERE}${HEAD}`, 'spec: it is missing (write a map of fields)'],
  ];
  for (const [what, marked, said] of table) it(what, () => assertRefused(marked, said));
});

describe('an unknown key is refused with its position', () => {
  const table: readonly BadPolicy[] = [
    [
      'C10 an unknown key at the root',
      `${ruleText('requiredDigest: {}')}${HERE}status: {}\n`,
      'status: "status" is not a known key (known keys: apiVersion, kind, metadata, spec)',
    ],
    [
      'C10 an unknown key of metadata',
      ruleText('requiredDigest: {}').replace('{name: p}', `{name: p, ${HERE}uid: x}`),
      'metadata.uid: "uid" is not a known key (known keys: name, labels, annotations)',
    ],
    [
      'C10 an unknown key of spec',
      ruleText('requiredDigest: {}').replace('  rules:', `  ${HERE}unmatched: Deny\n  rules:`),
      'spec.unmatched: "unmatched" is not a known key (known keys: validationActions, unmatchedImages, shortNames, customResources, rules)',
    ],
    [
      'C10 an unknown key of a rule',
      ruleText('requiredDigest: {}', `${HERE}alow: {}`),
      `spec.rules[0].alow: "alow" is not a known key (${RULE_KEYS})`,
    ],
    [
      'C10 an unknown key of match',
      ruleText(`match: {${HERE}namespace: [a]}`, 'requiredDigest: {}'),
      'spec.rules[0].match.namespace: "namespace" is not a known key (known keys: images, usages, resources, namespaces, users, groups)',
    ],
    [
      'C10 an unknown key of a check',
      ruleText(`disallowedTags: {tags: [latest], ${HERE}digest: true}`),
      'spec.rules[0].disallowedTags.digest: "digest" is not a known key (known keys: tags, pattern)',
    ],
    [
      'C10 an unknown key of an empty check',
      ruleText(`requiredDigest: {${HERE}algorithm: sha256}`),
      'spec.rules[0].requiredDigest.algorithm: "algorithm" is not a known key (leave it out)',
    ],
    [
      'C11 __proto__ in a rule',
      ruleText('requiredDigest: {}', `${HERE}__proto__: {a: 1}`),
      `spec.rules[0].__proto__: "__proto__" is not a known key (${RULE_KEYS})`,
    ],
    [
      'C11 __proto__ among free keys',
      ruleText('requiredDigest: {}', `messages: {${HERE}__proto__: x}`),
      'spec.rules[0].messages.__proto__: "__proto__" is not a known key (leave it out)',
    ],
    [
      'C11 a merge key',
      ruleText('requiredDigest: {}', `${HERE}<<: {message: x}`),
      `spec.rules[0].<<: "<<" is not a known key (${RULE_KEYS})`,
    ],
    [
      'C11 a merge key in YAML 1.1',
      `%YAML 1.1\n---\n${ruleText(`${HERE}<<: {requiredDigest: {}}`)}`,
      `spec.rules[0].<<: "<<" is not a known key (${RULE_KEYS})`,
    ],
  ];
  for (const [what, marked, said] of table) it(what, () => assertRefused(marked, said));
});

describe('ambiguous or excessive YAML is refused with its position', () => {
  const table: readonly BadPolicy[] = [
    [
      'C11 a key twice',
      ruleText('requiredDigest: {}', `${HERE}name: b`),
      'key "name" occurs twice (keep one of them)',
    ],
    [
      'C11 a check twice',
      ruleText('disallowedTags: {tags: [latest]}', `${HERE}disallowedTags: {tags: [dev]}`),
      'key "disallowedTags" occurs twice (keep one of them)',
    ],
    ['C11 a key twice, once quoted', `1: a\n${HERE}"1": b\n`, 'key (a text) occurs twice (keep one of them)'],
    [
      'C11 a key that is an alias',
      policyText(`  -\n    &a name: a\n    ${HERE}*a : b\n    requiredDigest: {}`),
      'a key is not plain text (write it as text)',
    ],
    [
      'C11 a key that is a list',
      ruleText(`? ${HERE}[a, b]`, ': 1', 'requiredDigest: {}'),
      'a key is not plain text (write it as text)',
    ],
    [
      'C11 a bomb of aliases',
      `a: &a [${'x,'.repeat(10)}]\nb: &b [${HERE}${'*a,'.repeat(10)}]\nc: &c [${'*b,'.repeat(10)}]\nd: [${'*c,'.repeat(10)}]\n`,
      'Excessive alias count indicates a resource exhaustion attack (write the values in place of the aliases)',
    ],
    [
      'C11 an alias of itself',
      `a: &a [${HERE}*a]\n`,
      'alias (a text) is inside its own anchor (write it out)',
    ],
    [
      'an alias without an anchor',
      ruleText(`match: {namespaces: [${HERE}*-prod]}`, 'requiredDigest: {}'),
      'there is no anchor (a text) above (quote text that begins with "*")',
    ],
    [
      'C11 a tag for code',
      ruleText(`message: ${HERE}!!js/function "() => 1"`, 'requiredDigest: {}'),
      'Unresolved tag (leave the tag out)',
    ],
    [
      'C11 a boolean; "no" of YAML 1.1 is text',
      ruleText('message: no', 'requiredDigest: {}', `messages: {${HERE}zh: true}`),
      'spec.rules[0].messages.zh: true is not allowed here (write text; put numbers and booleans in quotes)',
    ],
    [
      'a tab for indentation',
      ruleText('match:', `${HERE}\tnamespaces: [a]`, 'requiredDigest: {}'),
      'Tabs are not allowed as indentation (indent with spaces)',
    ],
    [
      'a list that is not closed',
      `a: [1, 2\n${HERE}b: 1\n`,
      'Flow sequence in block collection must be sufficiently indented and end with a ] (give the parts of one list or map the same indentation)',
    ],
  ];
  for (const [what, marked, said] of table) it(what, () => assertRefused(marked, said));
});

describe('a policy that is nested too deeply', () => {
  for (const [what, text] of Object.entries({
    'flow lists': '['.repeat(10_000),
    'closed flow lists': `${'['.repeat(5000)}${']'.repeat(5000)}`,
    'block lists': `${'- '.repeat(10_000)}a`,
    'flow maps': '{a: '.repeat(5000),
  })) {
    it(`C11 ${what} that are nested too deeply`, async () => {
      assert.match(
        await refusalOf(text),
        /^policy\.yaml:1:\d+: the document is nested too deeply \(flatten it\)$/,
      );
    });
  }
});
