import { describe, it } from 'node:test';
import { assertRefused, type BadPolicy, HEAD, HERE, policyText, ruleText } from '#test/bad-policies.ts';
import { RULE_KINDS } from './rules/index.ts';

const CHECKS = `one of ${Object.keys(RULE_KINDS).join(', ')}`;
const A_NAME =
  'a name has lower-case letters, digits, "-" and "." only, and begins and ends with a letter or a digit';
const A_TAG = 'a tag has letters, digits, "_", "." and "-" only, at most 128 of them';
const ONE_LINE = 'a message is one line without control characters';
const EMPTY_LIST = 'an empty list selects nothing; leave it out, or name at least one';

const NOTHING_ADMITTED =
  'spec.unmatchedImages: every image would be refused: no rule with the action Deny names images in allowedImages or match.images' +
  ' (write Allow, or add a rule such as {name: registries, allowedImages: {images: [registry.example.com/**]}})';

describe('a missing or empty part is refused with its position', () => {
  const table: readonly BadPolicy[] = [
    [
      'C08 no unmatchedImages',
      ruleText('requiredDigest: {}').replace('spec:\n  unmatchedImages: Allow', `${HERE}spec:`),
      'spec.unmatchedImages: it is missing (write Deny or Allow)',
    ],
    [
      'another unmatchedImages',
      ruleText('requiredDigest: {}').replace('unmatchedImages: Allow', `${HERE}unmatchedImages: Warn`),
      'spec.unmatchedImages: "Warn" is not allowed here (write Deny or Allow)',
    ],
    [
      'XH4 C08 unmatchedImages: Deny, and no rule names an image',
      ruleText('requiredDigest: {}').replace('unmatchedImages: Allow', `${HERE}unmatchedImages: Deny`),
      NOTHING_ADMITTED,
    ],
    [
      'XH4 C08 unmatchedImages: Deny, and only a rule that warns names images',
      ruleText('validationActions: [Warn]', 'allowedImages: {images: [ghcr.io/**]}').replace(
        'unmatchedImages: Allow',
        `${HERE}unmatchedImages: Deny`,
      ),
      NOTHING_ADMITTED,
    ],
    [
      'XH4 C08 unmatchedImages: Deny, and a rule names images of every registry',
      ruleText('match: {images: ["*/team/**"]}', 'requiredDigest: {}').replace(
        'unmatchedImages: Allow',
        `${HERE}unmatchedImages: Deny`,
      ),
      NOTHING_ADMITTED,
    ],
    [
      'C09 no rules',
      `${HEAD}${HERE}spec: {unmatchedImages: Allow}\n`,
      'spec.rules: it is missing (write a list)',
    ],
    [
      'C09 rules without a value',
      `${HEAD}spec:\n  unmatchedImages: Allow\n  ${HERE}rules:\n`,
      'spec.rules: it is empty (write a list)',
    ],
    [
      'C09 an empty list of rules',
      `${HEAD}spec: {unmatchedImages: Allow, ${HERE}rules: []}\n`,
      'spec.rules: a policy without rules decides nothing; write at least one',
    ],
    [
      'C09 an empty rule',
      policyText(`  - ${HERE}{}`),
      'spec.rules[0].name: it is missing (write text; put numbers and booleans in quotes)',
    ],
    [
      'C09 a rule without a value',
      policyText(`  -${HERE}`),
      'spec.rules[0]: it is empty (write a map of fields)',
    ],
    [
      'C09 an empty match',
      ruleText(`${HERE}match: {}`, 'requiredDigest: {}'),
      'spec.rules[0].match: it is empty; leave it out to select everything',
    ],
    [
      'C09 an empty list in match',
      ruleText(`match: {${HERE}usages: []}`, 'requiredDigest: {}'),
      `spec.rules[0].match.usages: ${EMPTY_LIST}`,
    ],
    [
      'C09 an empty list of images',
      ruleText(`allowedImages: {${HERE}images: []}`),
      'spec.rules[0].allowedImages.images: an empty list selects no image; name at least one',
    ],
    [
      'C09 an empty list of tags',
      ruleText(`disallowedTags: {${HERE}tags: []}`),
      'spec.rules[0].disallowedTags.tags: an empty list selects no tag; name at least one',
    ],
    [
      'C09 no tags',
      ruleText(`${HERE}disallowedTags: {}`),
      'spec.rules[0].disallowedTags: disallowedTags takes exactly one of tags and pattern, this one has none (write one of them)',
    ],
    [
      'C09 an empty tag',
      ruleText(`disallowedTags: {tags: [${HERE}""]}`),
      `spec.rules[0].disallowedTags.tags[0]: ${A_TAG}`,
    ],
    [
      'C09 an empty message',
      ruleText('requiredDigest: {}', `${HERE}message: ""`),
      'spec.rules[0].message: the message is empty; leave it out',
    ],
    [
      'C09 an empty range',
      ruleText(`allowedTags: {${HERE}semver: ""}`),
      'spec.rules[0].allowedTags.semver: it is empty; leave it out, or write the range or the expression',
    ],
    [
      'no actions',
      ruleText('requiredDigest: {}', `${HERE}validationActions: []`),
      'spec.rules[0].validationActions: a rule without an action does nothing; name Deny, Warn or Audit',
    ],
  ];
  for (const [what, marked, said] of table) it(what, () => assertRefused(marked, said));
});

describe('an invalid rule is refused with its position', () => {
  const table: readonly BadPolicy[] = [
    [
      'no check',
      policyText(`  - ${HERE}name: a`),
      `spec.rules[0]: a rule has exactly one check, this one has none (${CHECKS})`,
    ],
    [
      'two checks',
      policyText(`  - ${HERE}name: a\n    requiredDigest: {}\n    disallowedTags: {tags: [latest]}`),
      `spec.rules[0]: a rule has exactly one check, this one has disallowedTags and requiredDigest (${CHECKS})`,
    ],
    [
      'a check that is true',
      ruleText(`${HERE}requiredDigest: true`),
      'spec.rules[0].requiredDigest: true is not allowed here (write a map of fields)',
    ],
    [
      'a rule without a name',
      policyText(`  - ${HERE}requiredDigest: {}`),
      'spec.rules[0].name: it is missing (write text; put numbers and booleans in quotes)',
    ],
    [
      'a rule with a bad name',
      policyText(`  - {${HERE}name: No Latest, requiredDigest: {}}`),
      `spec.rules[0].name: ${A_NAME}`,
    ],
    [
      'a rule with a long name',
      policyText(`  - {${HERE}name: ${'a'.repeat(254)}, requiredDigest: {}}`),
      'spec.rules[0].name: a name has at most 253 characters',
    ],
    [
      'two rules with the same name',
      policyText(`  - {name: a, requiredDigest: {}}\n  - {${HERE}name: a, requireFullyQualified: {}}`),
      'spec.rules[1].name: there is another rule "a" (give each rule a different name)',
    ],
    [
      'rules as a map',
      policyText('    a: {requiredDigest: {}}').replace('  rules:', `  ${HERE}rules:`),
      'spec.rules: a map is not allowed here (write a list)',
    ],
    [
      'Deny and Warn together',
      ruleText('requiredDigest: {}', `${HERE}validationActions: [Deny, Warn]`),
      'spec.rules[0].validationActions: Deny must be the only action; a refusal is reported and audited anyway',
    ],
    [
      'an action twice',
      ruleText('requiredDigest: {}', `${HERE}validationActions: [Warn, Warn]`),
      'spec.rules[0].validationActions: an action occurs twice; write it once',
    ],
    [
      'an action in lower case',
      ruleText('requiredDigest: {}', `validationActions: [${HERE}deny]`),
      'spec.rules[0].validationActions[0]: "deny" is not allowed here (write Deny or Warn or Audit)',
    ],
    [
      'Deny and Audit of the policy',
      ruleText('requiredDigest: {}').replace(
        '  rules:',
        `  ${HERE}validationActions: [Audit, Deny]\n  rules:`,
      ),
      'spec.validationActions: Deny must be the only action; a refusal is reported and audited anyway',
    ],
    [
      'an action in place of a list',
      ruleText('requiredDigest: {}', `${HERE}validationActions: Deny`),
      'spec.rules[0].validationActions: "Deny" is not allowed here (write a list)',
    ],
  ];
  for (const [what, marked, said] of table) it(what, () => assertRefused(marked, said));
});

describe('a message that is not a short single line is refused', () => {
  const table: readonly BadPolicy[] = [
    [
      'a line break in a message',
      ruleText('requiredDigest: {}', String.raw`${HERE}message: "a\nb"`),
      `spec.rules[0].message: ${ONE_LINE}`,
    ],
    [
      'an escape sequence in a message',
      ruleText('requiredDigest: {}', String.raw`${HERE}message: "\e[31m"`),
      `spec.rules[0].message: ${ONE_LINE}`,
    ],
    [
      'a message of two lines',
      ruleText('requiredDigest: {}', `${HERE}message: |`, '  a', '  b'),
      `spec.rules[0].message: ${ONE_LINE}`,
    ],
    [
      'a long message',
      ruleText('requiredDigest: {}', `${HERE}message: ${'a'.repeat(257)}`),
      'spec.rules[0].message: a message has at most 256 characters',
    ],
    [
      'a control character in another language',
      ruleText('requiredDigest: {}', String.raw`messages: {${HERE}zh: "\u009b"}`),
      `spec.rules[0].messages.zh: ${ONE_LINE}`,
    ],
    [
      'an invalid language',
      ruleText('requiredDigest: {}', `messages: {${HERE}Chinese: x}`),
      'spec.rules[0].messages.Chinese: a language is a BCP 47 tag, such as zh',
    ],
    [
      'a number in place of a message',
      ruleText('requiredDigest: {}', `${HERE}message: 404`),
      'spec.rules[0].message: 404 is not allowed here (write text; put numbers and booleans in quotes)',
    ],
  ];
  for (const [what, marked, said] of table) it(what, () => assertRefused(marked, said));
});
