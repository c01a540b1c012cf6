import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertRefused, type BadPolicy, HERE, locate, refusalOf, ruleText } from '#test/bad-policies.ts';
import { ImagePatternError, type ImagePatternErrorCode } from '../image/pattern-text.ts';
import { parseImagePattern } from '../image/pattern.ts';

const A_TAG = `a tag has letters, digits, "_", "." and "-" only, at most 128 of them; for wildcards write pattern: 'v.*' instead of tags`;
const SOME_NAMESPACE = 'a namespace has lower-case letters, digits and "-" only, at most 63 of them';

describe('invalid or misleading tags, ranges and expressions are refused', () => {
  const table: readonly BadPolicy[] = [
    [
      'a number in place of a tag',
      ruleText(`disallowedTags: {tags: [${HERE}1.0]}`),
      'spec.rules[0].disallowedTags.tags[0]: 1 is not allowed here (write text; put numbers and booleans in quotes)',
    ],
    [
      'a wildcard in a tag',
      ruleText(`disallowedTags: {tags: [latest, ${HERE}"v*"]}`),
      `spec.rules[0].disallowedTags.tags[1]: ${A_TAG}`,
    ],
    [
      'an invalid range',
      ruleText(`allowedTags: {${HERE}semver: banana}`),
      'spec.rules[0].allowedTags.semver: "banana" is not a range of semantic versions (write a range such as ">=1.2.0 <2")',
    ],
    [
      'a range of every version',
      ruleText(`allowedTags: {${HERE}semver: "*"}`),
      'spec.rules[0].allowedTags.semver: "*" contains every version (name a lower or an upper bound)',
    ],
    [
      'tags and a range',
      ruleText(`${HERE}allowedTags: {tags: [a], semver: 1.x}`),
      'spec.rules[0].allowedTags: allowedTags takes exactly one of tags, semver and pattern, this one has tags and semver (split it into one rule for each)',
    ],
    [
      'C19 a look-ahead',
      ruleText(`allowedTags: {${HERE}pattern: "(?=a)"}`),
      'spec.rules[0].allowedTags.pattern: "(?=a)" is not a pattern: error parsing regexp: invalid or unsupported Perl syntax: `(?=` (RE2 has no look-around and no back-references)',
    ],
    [
      'C19 a back-reference',
      ruleText(String.raw`allowedTags: {${HERE}pattern: '(a)\1'}`),
      String.raw`spec.rules[0].allowedTags.pattern: "(a)\\1" is not a pattern: error parsing regexp: invalid escape sequence: ${'`'}\1${'`'} (RE2 has no look-around and no back-references)`,
    ],
    [
      'an expression for any tag',
      ruleText(`allowedTags: {${HERE}pattern: ".+"}`),
      'spec.rules[0].allowedTags.pattern: ".+" matches every tag (write an expression that some tags do not match)',
    ],
  ];
  for (const [what, marked, said] of table) it(what, () => assertRefused(marked, said));
});

describe('a selector that selects nothing or everything is refused', () => {
  const table: readonly BadPolicy[] = [
    [
      'a resource without its group',
      ruleText(`match: {resources: [pods, ${HERE}deployments]}`, 'requiredDigest: {}'),
      'spec.rules[0].match.resources[1]: "deployments" is not a resource that has images (write deployments.apps)',
    ],
    [
      'a kind in place of a resource',
      ruleText(`exclude: {resources: [${HERE}Pod]}`, 'requiredDigest: {}'),
      'spec.rules[0].exclude.resources[0]: "Pod" is not a resource that has images (write pods)',
    ],
    [
      'every namespace',
      ruleText(`match: {namespaces: [${HERE}"*"]}`, 'requiredDigest: {}'),
      'spec.rules[0].match.namespaces[0]: "*" matches every name (leave the list out to match everything)',
    ],
    [
      'a namespace in capitals',
      ruleText(`match: {namespaces: [${HERE}Team-A]}`, 'requiredDigest: {}'),
      `spec.rules[0].match.namespaces[0]: no namespace can have the name "Team-A" (${SOME_NAMESPACE})`,
    ],
    [
      'a namespace with another kind of wildcard',
      ruleText(`exclude: {namespaces: [${HERE}"team-?"]}`, 'requiredDigest: {}'),
      'spec.rules[0].exclude.namespaces[0]: "team-?" contains a character that has no meaning here (write the whole name, or "*" for any characters together with at least one other character)',
    ],
    [
      'an empty user',
      ruleText(`match: {users: [${HERE}""]}`, 'requiredDigest: {}'),
      'spec.rules[0].match.users[0]: "" is not a name (write the whole name, or "*" for any characters together with at least one other character)',
    ],
    [
      'an unknown usage',
      ruleText(`match: {usages: [${HERE}initContainers]}`, 'requiredDigest: {}'),
      'spec.rules[0].match.usages[0]: "initContainers" is not allowed here (write container or initContainer or ephemeralContainer or imageVolume)',
    ],
    [
      'every registry in an exclude',
      ruleText(`exclude: {images: [${HERE}"*/**"]}`, 'requiredDigest: {}'),
      'spec.rules[0].exclude.images[0]: Pattern "*/**" admits images of every registry. (name the registries, as in registry.example.com/**)',
    ],
  ];
  for (const [what, marked, said] of table) it(what, () => assertRefused(marked, said));
});

describe('an invalid or misleading image pattern is refused', () => {
  const PATTERNS: Readonly<Record<ImagePatternErrorCode, string>> = {
    PATTERN_EMPTY: '',
    PATTERN_TOO_LONG: `ghcr.io/${'a'.repeat(512)}`,
    PATTERN_CHARACTER: 'ghcr.io/a b',
    PATTERN_UPPER_CASE: 'ghcr.io/Acme/*',
    PATTERN_SCHEME: 'https://ghcr.io/acme',
    PATTERN_TAG_OR_DIGEST: 'ghcr.io/acme/app:1',
    PATTERN_GLOB: 'ghcr.io/{a,b}',
    PATTERN_TOO_MANY_WILDCARDS: `ghcr.io/${'*a'.repeat(17)}`,
    PATTERN_REGISTRY_MISSING: 'nginx',
    PATTERN_REGISTRY_INVALID: 'ghcr..io/a',
    PATTERN_REGISTRY_TOO_BROAD: '*.com/**',
    PATTERN_REPOSITORY_MISSING: 'ghcr.io',
    PATTERN_REPOSITORY_INVALID: 'ghcr.io/a//b',
    PATTERN_MATCHES_NOTHING: 'docker.io/nginx',
  };
  for (const [code, pattern] of Object.entries(PATTERNS)) {
    it(`an image pattern with the fault ${code}`, async () => {
      const error = patternErrorOf(pattern);
      assert.equal(error.code, code);
      const { text, place } = locate(
        ruleText('allowedImages:', '  images:', '  - ghcr.io/**', `  - ${HERE}${JSON.stringify(pattern)}`),
      );
      assert.equal(
        await refusalOf(text),
        `${place}: spec.rules[0].allowedImages.images[1]: ${error.message} (${error.hint})`,
      );
    });
  }
});

function patternErrorOf(pattern: string): ImagePatternError {
  try {
    parseImagePattern(pattern, 'opens');
  } catch (error) {
    assert.ok(error instanceof ImagePatternError);
    return error;
  }
  return assert.fail(`${pattern} is a pattern`);
}
