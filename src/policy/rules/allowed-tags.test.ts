import assert from 'node:assert/strict';
import { test } from 'node:test';
import { englishText } from '#test/phrases.ts';
import { ask, DIGEST, ruleCases } from '#test/rule-cases.ts';
import { ParameterError } from '../parameter-error.ts';
import { allowedTags } from './allowed-tags.ts';

const PINNED = 'an image with a digest is pulled without its tag, and the rule needs an allowed tag';

for (const [title, run] of ruleCases(
  allowedTags,
  { tags: ['stable', '1.27'] },
  {
    code: 'TAG_NOT_ALLOWED',
    admits: ['nginx:stable', 'ghcr.io/acme/app:1.27'],
    refuses: {
      nginx: 'tag "latest" is not one of stable, 1.27',
      'nginx:Stable': 'tag "Stable" is not one of stable, 1.27',
      'nginx:1.27.1': 'tag "1.27.1" is not one of stable, 1.27',
      [`nginx@${DIGEST}`]: PINNED,
      [`nginx:stable@${DIGEST}`]: PINNED,
    },
  },
))
  test(title, run);

for (const [title, run] of ruleCases(
  allowedTags,
  { semver: '>=1.2.0 <2' },
  {
    code: 'TAG_NOT_ALLOWED',
    admits: ['app:1.2.0', 'app:1.99.7', 'app:v1.2.3'],
    refuses: {
      'app:1.1.9': 'tag "1.1.9" is not a semantic version in >=1.2.0 <2',
      'app:2.0.0': 'tag "2.0.0" is not a semantic version in >=1.2.0 <2',
      'app:1.2': 'tag "1.2" is not a semantic version in >=1.2.0 <2',
      'app:1.3.0-rc.1': 'tag "1.3.0-rc.1" is not a semantic version in >=1.2.0 <2',
      'app:vv1.2.3': 'tag "vv1.2.3" is not a semantic version in >=1.2.0 <2',
      'app:1.2.3.4': 'tag "1.2.3.4" is not a semantic version in >=1.2.0 <2',
      app: 'tag "latest" is not a semantic version in >=1.2.0 <2',
      [`app:1.2.3@${DIGEST}`]: PINNED,
    },
  },
))
  test(title, run);

for (const [title, run] of ruleCases(
  allowedTags,
  { semver: '>=1.2.0-rc.1' },
  {
    code: 'TAG_NOT_ALLOWED',
    admits: ['app:1.2.0-rc.2', 'app:1.2.0'],
    refuses: {
      'app:1.2.0-beta.1': 'tag "1.2.0-beta.1" is not a semantic version in >=1.2.0-rc.1',
      'app:1.3.0-rc.2': 'tag "1.3.0-rc.2" is not a semantic version in >=1.2.0-rc.1',
    },
  },
))
  test(title, run);

for (const [title, run] of ruleCases(
  allowedTags,
  { pattern: String.raw`v\d+` },
  {
    code: 'TAG_NOT_ALLOWED',
    admits: ['app:v1', 'app:v2026'],
    refuses: {
      // The pattern is always anchored at both ends.
      'app:xv1': String.raw`tag "xv1" is not of the form v\d+`,
      'app:v1-evil': String.raw`tag "v1-evil" is not of the form v\d+`,
      app: String.raw`tag "latest" is not of the form v\d+`,
      [`app@${DIGEST}`]: PINNED,
    },
  },
))
  test(title, run);

test('C15 an image with a digest does not satisfy a rule about tags, with or without a tag', async () => {
  const parameters = { pattern: String.raw`^v\d+` };
  for (const image of [`app@${DIGEST}`, `app:v1@${DIGEST}`]) {
    assert.equal((await ask(allowedTags, parameters, image))?.code, 'TAG_NOT_ALLOWED', image);
  }
});

const FLIPS: Readonly<
  Record<
    string,
    readonly [Parameters<typeof allowedTags.prepare>[0], Parameters<typeof allowedTags.prepare>[0]]
  >
> = {
  tags: [{ tags: ['v1.0.0'] }, { tags: ['v2.0.0'] }],
  semver: [{ semver: '1.x' }, { semver: '2.x' }],
  pattern: [{ pattern: 'v1.*' }, { pattern: 'v2.*' }],
};

for (const [option, [named, other]] of Object.entries(FLIPS)) {
  test(`flip: allowedTags.${option} admits the tags that match and refuses others`, async () => {
    assert.equal(await ask(allowedTags, named, 'app:v1.0.0'), undefined);
    assert.equal((await ask(allowedTags, other, 'app:v1.0.0'))?.code, 'TAG_NOT_ALLOWED');
  });
}

test('a message contains the first eight tags of a long list', async () => {
  const tags = Array.from({ length: 9 }, (_, index) => `v${index}`);
  const objection = await ask(allowedTags, { tags }, 'app');
  assert.equal(
    englishText(objection?.reason),
    'tag "latest" is not one of v0, v1, v2, v3, v4, v5, v6, v7, ...',
  );
});

test('a message does not cut the eight tags, even if they are long', async () => {
  const tags = Array.from({ length: 8 }, (_, index) => `v${index}${'x'.repeat(126)}`);
  const objection = await ask(allowedTags, { tags }, 'app');
  assert.equal(englishText(objection?.reason), `tag "latest" is not one of ${tags.join(', ')}`);
});

test('the remedy for an image with a digest names the allowed tags', async () => {
  const objection = await ask(allowedTags, { tags: ['v1', 'v2'] }, `app@sha256:${'0'.repeat(64)}`);
  assert.equal(
    englishText(objection?.reason),
    'an image with a digest is pulled without its tag, and the rule needs an allowed tag',
  );
  assert.match(englishText(objection?.remedy), /one of v1, v2/);
});

test('a line break in a range or a pattern is escaped in a denial', async () => {
  for (const parameters of [{ semver: '>=1.0.0\n<2' }, { pattern: 'v1\n|v2' }]) {
    assert.doesNotMatch(englishText((await ask(allowedTags, parameters, 'app'))?.reason), /\n/);
  }
});

test('C19 a pattern is compiled without backtracking', async () => {
  // Only an engine that backtracks can match look-around and back-references.
  for (const pattern of ['(?=a)a', '(?!a)b', '(?<=a)b', '(?<!a)b', String.raw`(a)\1`]) {
    await assert.rejects(async () => ask(allowedTags, { pattern }, 'app'), ParameterError, pattern);
  }
});

for (const [text, message] of Object.entries({
  '(?=a)': /is not a pattern: .*invalid or unsupported Perl syntax/,
  '(?<!a)b': /is not a pattern/,
  [String.raw`(a)\1`]: /is not a pattern: .*invalid escape sequence/,
  '[': /is not a pattern: .*missing closing \]/,
  'a{2000}': /is not a pattern: .*invalid repeat count/,
  '.*': /matches every tag/,
  '.+': /matches every tag/,
  '^.*$': /matches every tag/,
  [String.raw`[\w.-]+`]: /matches every tag/,
  '(?s).{1,128}': /matches every tag/,
})) {
  test(`C19 pattern ${text} is refused when the policy loads`, async () => {
    await assert.rejects(
      async () => ask(allowedTags, { pattern: text }, 'app'),
      (error) =>
        error instanceof ParameterError &&
        message.test(error.message) &&
        error.problems[0]?.path.join() === 'pattern',
    );
  });
}

for (const semver of ['*', 'x', '>=0.0.0', '<1 || >=1', ' ', '1 || *']) {
  test(`a range that contains every version is refused: ${JSON.stringify(semver)}`, async () => {
    await assert.rejects(async () => ask(allowedTags, { semver }, 'app'), /contains every version/);
  });
}

test('an invalid range is refused', async () => {
  await assert.rejects(async () => ask(allowedTags, { semver: 'banana' }, 'app'), /"banana" is not a range/);
});

test('a rule with two of tags, semver and pattern is refused, and so is a rule with none of them', async () => {
  for (const parameters of [{ tags: ['a'], semver: '1.x' }, { semver: '1.x', pattern: 'v1' }, {}]) {
    await assert.rejects(
      async () => ask(allowedTags, parameters, 'app'),
      /exactly one of tags, semver and pattern/,
    );
  }
});

for (const [title, run] of ruleCases(
  allowedTags,
  { pattern: String.raw`v?\d+\.\d+\.\d+`, withDigest: 'Allow' },
  {
    code: 'TAG_NOT_ALLOWED',
    admits: ['app:1.2.3', `app@${DIGEST}`, `app:1.2.3@${DIGEST}`, `app:latest@${DIGEST}`],
    refuses: {
      app: String.raw`tag "latest" is not of the form v?\d+\.\d+\.\d+`,
      'app:main': String.raw`tag "main" is not of the form v?\d+\.\d+\.\d+`,
    },
  },
))
  test(`X10 flip: withDigest: Allow: ${title}`, run);

test('X10 flip: withDigest: Deny is the default, and the remedy does not ask for the tag that is there', async () => {
  const image = `app:1.2.3@${DIGEST}`;
  for (const withDigest of [undefined, 'Deny'] as const) {
    const parameters = { semver: '>=1.0.0', ...(withDigest !== undefined && { withDigest }) };
    assert.equal(
      englishText((await ask(allowedTags, parameters, image))?.remedy),
      'leave the digest out and use a tag that is a semantic version in >=1.0.0, or ask for withDigest: Allow in this rule',
    );
  }
});

for (const semver of ['>2 <1', '<0.0.0', '>1.2.3 <1.2.4', '^2 <1 || >4 <3', '1.0.0-2.0.0', 'v1.0.0-v2.0']) {
  test(`XH15 a range without a version is refused: ${semver}`, async () => {
    await assert.rejects(
      async () => ask(allowedTags, { semver }, 'app'),
      /no version is in|is one version, not a range/,
    );
  });
}

for (const semver of [
  '1.0.0 - 2.0.0',
  '>1 <0 || >=5',
  '>1.2.3 <1.2.4-beta',
  '1.0.0-rc.1',
  '>=1.0.0-1',
  '=2.0.0',
]) {
  test(`XH15 a range with a version is loaded: ${semver}`, async () => {
    assert.equal((await ask(allowedTags, { semver }, 'app'))?.code, 'TAG_NOT_ALLOWED');
  });
}

for (const pattern of ['^$', 'app:1.0', '-x']) {
  test(`XH15 a pattern that no tag matches is refused: ${pattern}`, async () => {
    await assert.rejects(async () => ask(allowedTags, { pattern }, 'app'), /no tag matches/);
  });
}
