import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseNamePattern, parseNamespacePattern } from './name-pattern.ts';
import { ParameterError } from './parameter-error.ts';

const MATCHES: Readonly<Record<string, { readonly yes: readonly string[]; readonly no: readonly string[] }>> =
  {
    'kube-system': { yes: ['kube-system'], no: ['kube-system-evil', 'xkube-system', 'kube', ''] },
    'team-*': { yes: ['team-a', 'team-'], no: ['team', 'my-team-a', 'TEAM-a'] },
    '*-prod': { yes: ['a-prod', '-prod'], no: ['a-prod-b', 'prod'] },
    'a*b*c': { yes: ['abc', 'axbxc', 'abbcc', 'abcbc'], no: ['ac', 'acb', 'xabc', 'abcx'] },
    'a*a': { yes: ['aa', 'aba'], no: ['a'] },
    '*a*a*': { yes: ['aa', 'xaxax'], no: ['a', 'bab', 'xa'] },
    'x*ab*b': { yes: ['xabb', 'xabxb'], no: ['xab', 'xaab'] },
    'x*abc*': { yes: ['xabc', 'xxabcx'], no: ['abc', 'xab'] },
    'ab*bc*cd': { yes: ['abbccd', 'abxbcxcd'], no: ['abccd', 'abbcd'] },
    'a**b': { yes: ['ab', 'axb'], no: ['a', 'b'] },
    'system:serviceaccount:ci:*': {
      yes: ['system:serviceaccount:ci:deployer'],
      no: ['system:serviceaccount:ci', 'system:serviceaccount:ci-evil:x'],
    },
    'a.c': { yes: ['a.c'], no: ['abc'] },
    'a+c$': { yes: ['a+c$'], no: ['aac'] },
  };

describe('a pattern of names', () => {
  for (const [pattern, { yes, no }] of Object.entries(MATCHES)) {
    it(`${pattern} matches whole names, with their case`, () => {
      const matches = parseNamePattern(pattern, []);
      assert.deepEqual(
        yes.filter((name) => !matches(name)),
        [],
        'must match',
      );
      assert.deepEqual(
        no.filter((name) => matches(name)),
        [],
        'must not match',
      );
    });
  }

  it('searches a name once for each part, from left to right', (context) => {
    const matches = parseNamePattern('*a*b*c*d*', []);
    const { mock } = context.mock.method(String.prototype, 'indexOf');
    assert.equal(matches('-a-b-c-'), false);
    const searches = mock.calls.map((call): unknown => call.arguments);
    mock.restore();
    assert.deepEqual(searches, [
      ['a', 0],
      ['b', 2],
      ['c', 4],
      ['d', 6],
    ]);
  });

  for (const text of [
    '',
    '*',
    '**',
    'te?m',
    'team-[ab]',
    '{a,b}',
    '!a',
    String.raw`a\*`,
    'a b',
    'a\n',
    'ünï',
    'x'.repeat(254),
  ]) {
    it(`is not ${JSON.stringify(text).slice(0, 20)}`, () => {
      assert.throws(() => parseNamePattern(text, ['users', 0]), ParameterError);
    });
  }
});

it('has at most 253 characters', () => {
  assert.equal(parseNamePattern('x'.repeat(253), [])('x'.repeat(253)), true);
});

describe('a pattern of namespaces', () => {
  for (const text of [
    'a',
    '*-prod',
    'team-*',
    'a*z',
    '0',
    'x'.repeat(63),
    `${'x'.repeat(63)}*`,
    `${'x'.repeat(31)}**${'x'.repeat(32)}`,
    'constructor',
  ]) {
    it(`may be ${text}`, () => assert.equal(typeof parseNamespacePattern(text, []), 'function'));
  }
  for (const text of [
    'Team-*',
    'kube_system',
    'a.b',
    '-a',
    'a-',
    '-*',
    '*-',
    'system:x',
    'x'.repeat(64),
    `${'x'.repeat(64)}*`,
    '*',
  ]) {
    it(`is not ${text}, because no namespace can have that name`, () => {
      assert.throws(() => parseNamespacePattern(text, ['namespaces', 0]), ParameterError);
    });
  }
});
