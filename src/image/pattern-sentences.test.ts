import assert from 'node:assert/strict';
import test from 'node:test';

import { ImagePatternError } from './pattern-text.ts';
import { parseImagePattern, type PatternUse } from './pattern.ts';

const TOO_BROAD = 'has "*" in its registry where anybody can register a name';
const TWO_COMPONENTS = 'matches nothing: repositories of Docker Hub have at least two components';

for (const [text, problem] of [
  ['', 'is empty'],
  ['https://r.io/a', 'begins with a scheme'],
  [`r.io/${'*a'.repeat(17)}`, 'has more than 16 wildcards'],
  ['r.io', 'has a registry, but no repository'],
  ['r.io/a?', 'has "?"'],
  ['r.io/[a]', 'has "["'],
  ['R.io/a', 'has an upper-case letter'],
  ['r.io/a b', 'has the character " "'],
  ['r.io/a@sha256:0', 'has a digest'],
  ['r.io/a:b', 'has a tag'],
  ['r_.io/a', 'has an invalid registry: registry host "r_.io" has the character "_"'],
  ['-r.io/a', 'has an invalid registry: a label of registry host "-r.io" begins or ends with "-"'],
  [
    '-*.r.io/a',
    'has an invalid registry with a letter for each wildcard: a label of registry host "-x.r.io" begins or ends with "-"',
  ],
  ['*.io/a', TOO_BROAD],
  ['a.*.io/a', TOO_BROAD],
  ['r.io/a//b', 'has an empty path segment'],
  ['r.io/a/-b', 'has the path segment "-b", which no repository has'],
  ['r.io/a**', 'has ** beside other characters'],
  ['**', 'names no registry'],
  ['team/app', 'names no registry'],
  ['docker.io/nginx', TWO_COMPONENTS],
] as const) {
  test(`${JSON.stringify(text)} ${problem}`, () => {
    assert.equal(messageOf(text), `Pattern ${JSON.stringify(text)} ${problem}.`);
  });
}

test('a pattern has at most 512 characters and 16 wildcards', () => {
  const longest = `r.io/${'a'.repeat(507)}`;
  assert.equal(parseImagePattern(longest, 'opens').text.length, 512);
  assert.match(messageOf(`${longest}a`), / is longer than 512 characters\.$/);
  assert.equal(parseImagePattern(`r.io/${'a*'.repeat(16)}`, 'opens').segments.length, 1);
  const stars = `r.io/${Array.from({ length: 16 }, () => '**').join('/')}`;
  assert.equal(parseImagePattern(stars, 'opens').segments.length, 16, 'two stars are one wildcard');
});

test('a pattern that opens must name the registry', () => {
  assert.equal(messageOf('*/a'), 'Pattern "*/a" admits images of every registry.');
  assert.equal(hintOf('*/team/a'), 'name the registries, as in registry.example.com/team/a');
  assert.equal(messageOf('*/a', 'closes'), '');
});

/** The message of the refusal; empty if the pattern is accepted. */
function messageOf(text: string, use: PatternUse = 'opens'): string {
  return refusalOf(text, use)?.message ?? '';
}

function hintOf(text: string): string {
  return refusalOf(text, 'opens')?.hint ?? '';
}

function refusalOf(text: string, use: PatternUse): ImagePatternError | undefined {
  try {
    parseImagePattern(text, use);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ImagePatternError);
    return error;
  }
}
