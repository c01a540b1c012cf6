import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import * as fc from 'fast-check';
import { getDomain } from 'tldts';
import { FIXED } from '#test/arbitraries.ts';
import { ImagePatternError } from './pattern-text.ts';
import { matchesImage, parseImagePattern, type PatternUse } from './pattern.ts';
import { parseImageReference } from './reference.ts';
import { admitsEverybody } from './shared-registry.ts';

const readDomain = (host: string): string | null => getDomain(host, { allowPrivateDomains: true });

function refusalOf(text: string, use: PatternUse): ImagePatternError | undefined {
  try {
    parseImagePattern(text, use, readDomain);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ImagePatternError, String(error));
    return error;
  }
}

/** The patterns that a hint proposes. */
function proposalsIn(hint: string): string[] {
  return Array.from(hint.matchAll(/(?:write|as in|or) ([^\s"]*\/[^\s,"]*)/g), ([, text = '']) => text);
}

test('X10 each pattern that a remedy proposes can be loaded, and admits no images of everybody', () => {
  const words = fc.constantFrom(
    'nginx',
    'library',
    'docker.io',
    'quay.io',
    'ghcr.io',
    'registry.example.com',
    'localhost',
    '*',
    '**',
    'app*',
    '*app',
    'my**',
    '*.example.com',
    '*.azurecr.io',
    '*.dkr.ecr.*.amazonaws.com',
    '*.co.uk',
    '*.io',
    '*-docker.pkg.dev',
    '*.pages.dev',
    '[FD00::1]',
    '[0::1]:5000',
    'Team',
    ':5000',
    ':1.0',
    '@sha256:0',
    '',
  );
  const separators = fc.constantFrom('/', '/', '/', '//', '', '-', ' ', '://');
  const texts = fc
    .array(fc.tuple(words, separators), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.flat().join('').slice(0, -1));
  let proposed = 0;
  fc.assert(
    fc.property(texts, fc.constantFrom<PatternUse>('opens', 'closes'), (text, use) => {
      for (const proposal of proposalsIn(refusalOf(text, use)?.hint ?? '')) {
        proposed += 1;
        assert.equal(refusalOf(proposal, use)?.message, undefined, `${text} → ${proposal}`);
        const [registry = '', ...segments] = proposal.split('/');
        assert.ok(use === 'closes' || !admitsEverybody(registry, segments), `${text} → ${proposal}`);
      }
    }),
    { ...FIXED, numRuns: 3000 },
  );
  assert.ok(proposed > 1000, `${proposed} proposals`);
});

describe('X10 a pattern that opens names the owner of the registry', () => {
  for (const [text, example] of Object.entries({
    '*.dkr.ecr.*.amazonaws.com/**': 'my-account.dkr.ecr.*.amazonaws.com/**',
    '*.dkr.ecr.eu-west-1.amazonaws.com/app': 'my-account.dkr.ecr.eu-west-1.amazonaws.com/app',
    '123*.dkr.ecr.eu-west-1.amazonaws.com/**': '123my-account.dkr.ecr.eu-west-1.amazonaws.com/**',
    '1234.dkr.*.eu-west-1.amazonaws.com/**': '1234.dkr.my-account.eu-west-1.amazonaws.com/**',
    '*.dkr.ecr.cn-north-1.amazonaws.com.cn/**': 'my-account.dkr.ecr.cn-north-1.amazonaws.com.cn/**',
    '*.azurecr.io/**': 'my-account.azurecr.io/**',
    'a.*.azurecr.io/**': 'a.my-account.azurecr.io/**',
    '*.azurecr.io:8443/**': 'my-account.azurecr.io:8443/**',
    '*.pages.dev/app': 'my-account.pages.dev/app',
    '*.github.io/app': 'my-account.github.io/app',
    '*.co.uk/**': 'my-account.co.uk/**',
    '*.run.app/**': 'my-account.run.app/**',
    '*.com/**': '*.example.com/**',
  })) {
    it(`X10 ${text} is refused`, () => {
      const refusal = refusalOf(text, 'opens');
      assert.equal(refusal?.code, 'PATTERN_REGISTRY_TOO_BROAD');
      assert.deepEqual(proposalsIn(refusal.hint), [example]);
      assert.equal(refusalOf(text, 'closes'), undefined, 'it may close');
    });
  }
  for (const text of [
    '123456789012.dkr.ecr.*.amazonaws.com/**',
    '*.eu.mycompany.azurecr.io/**',
    '*.mycompany.co.uk/**',
    '*.example.com/**',
    '*.corp.internal/**',
    '*-docker.pkg.dev/my-project/**',
    'docker.io/**',
  ]) {
    it(`X10 ${text} can be loaded`, () => assert.equal(refusalOf(text, 'opens'), undefined));
  }
});

test('X10 a name with a wildcard and without a dot is a repository, not a registry', () => {
  for (const use of ['opens', 'closes'] as const) {
    const refusal = refusalOf('nginx*', use);
    assert.equal(refusal?.code, 'PATTERN_REGISTRY_MISSING');
    assert.equal(refusal.hint, 'write docker.io/library/nginx*');
  }
});

test('X15 a pattern that closes may name a top-level domain', () => {
  const pattern = parseImagePattern('*.example/**', 'closes');
  const matches = (text: string): boolean => {
    const image = parseImageReference(text);
    return image.kind === 'image' && matchesImage(pattern, image);
  };
  assert.deepEqual(
    ['evil.example/app', 'evil.example:443/a/b:1', 'a.evil.example/app', 'evil.example.com/app'].map(matches),
    [true, true, false, false],
  );
  assert.equal(refusalOf('*.example/**', 'opens')?.code, 'PATTERN_REGISTRY_TOO_BROAD');
});
