import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ImagePatternError, type ImagePatternErrorCode } from './pattern-text.ts';
import { parseImagePattern, type PatternUse } from './pattern.ts';

/** The hint is for patterns of both uses. A use in the fourth place limits the row to patterns of this use. */
type Refusal = readonly [text: string, code: ImagePatternErrorCode, hint: string | RegExp, use?: PatternUse];

const REFUSALS: Record<string, readonly Refusal[]> = {
  'an empty or endless pattern': [
    ['', 'PATTERN_EMPTY', /^write registry/],
    [`r.io/${'a'.repeat(508)}`, 'PATTERN_TOO_LONG', 'shorten it'],
  ],
  'a pattern without a registry': [
    ['nginx', 'PATTERN_REGISTRY_MISSING', 'write docker.io/library/nginx'],
    ['team/*', 'PATTERN_REGISTRY_MISSING', 'write docker.io/team/*'],
    ['library/nginx', 'PATTERN_REGISTRY_MISSING', 'write docker.io/library/nginx'],
    ['**', 'PATTERN_REGISTRY_MISSING', /registry\.example\.com\/\*\*$/],
    ['**/nginx', 'PATTERN_REGISTRY_MISSING', /registry\.example\.com\/\*\*$/],
    ['/nginx', 'PATTERN_REGISTRY_MISSING', 'write docker.io/library/nginx'],
    ['nginx*', 'PATTERN_REGISTRY_MISSING', 'write docker.io/library/nginx*'],
    ['local*/**', 'PATTERN_REGISTRY_MISSING', 'write docker.io/local*/**', 'closes'],
    ['myuser/myapp**', 'PATTERN_REGISTRY_MISSING', 'write docker.io/myuser/myapp*'],
    ['organization/', 'PATTERN_REGISTRY_MISSING', 'write docker.io/organization/**'],
  ],
  'a pattern without a repository': [
    ['registry.example.com', 'PATTERN_REPOSITORY_MISSING', 'write registry.example.com/**'],
    ['registry.example.com:5000', 'PATTERN_REPOSITORY_MISSING', 'write registry.example.com:5000/**'],
    ['localhost', 'PATTERN_REPOSITORY_MISSING', 'write localhost/**'],
    ['[fd00::1]:5000', 'PATTERN_REPOSITORY_MISSING', 'write [fd00::1]:5000/**'],
    ['*.example.com', 'PATTERN_REPOSITORY_MISSING', 'write *.example.com/**'],
    ['registry.example.com/', 'PATTERN_REPOSITORY_INVALID', 'write registry.example.com/**'],
    ['*', 'PATTERN_REPOSITORY_MISSING', 'name the registries, as in registry.example.com/**', 'opens'],
    ['*', 'PATTERN_REPOSITORY_MISSING', 'write */**', 'closes'],
  ],
  'C06 a tag or a digest': [
    ['registry.example.com/app:v1', 'PATTERN_TAG_OR_DIGEST', /allowedTags/],
    ['registry.example.com/app:*', 'PATTERN_TAG_OR_DIGEST', /allowedTags/],
    ['registry.example.com/app@sha256:*', 'PATTERN_TAG_OR_DIGEST', /requiredDigest/],
    ['nginx:latest', 'PATTERN_TAG_OR_DIGEST', /disallowedTags/],
    ['nginx@sha256:0', 'PATTERN_TAG_OR_DIGEST', /requiredDigest/],
  ],
  'C06 syntax of other glob languages': [
    ['registry.example.com/app[0-9]', 'PATTERN_GLOB', /no other wildcards$/],
    ['registry.example.com/{a,b}', 'PATTERN_GLOB', /no other wildcards$/],
    ['registry.example.com/!(a)', 'PATTERN_GLOB', /no other wildcards$/],
    ['!registry.example.com/**', 'PATTERN_GLOB', /no other wildcards$/],
    ['registry.example.com/a\\*', 'PATTERN_GLOB', /no other wildcards$/],
    ['registry.example.com/a?', 'PATTERN_GLOB', /no other wildcards$/],
    ['registry.example.com/(a|b)', 'PATTERN_GLOB', /no other wildcards$/],
    ['^registry.example.com/a$', 'PATTERN_GLOB', /no other wildcards$/],
    ['[a-z].io/a', 'PATTERN_GLOB', /no other wildcards$/],
    ['[::1].io/a', 'PATTERN_GLOB', /no other wildcards$/],
    ['registry.example.com/team**', 'PATTERN_GLOB', 'write registry.example.com/team*'],
    ['registry.example.com/**app', 'PATTERN_GLOB', 'write registry.example.com/*app'],
    ['registry.example.com/***', 'PATTERN_GLOB', 'write registry.example.com/**'],
    ['**.example.com/a', 'PATTERN_GLOB', 'write *.example.com/a'],
  ],
  'a character that no reference has': [
    ['docker://docker.io/library/nginx', 'PATTERN_SCHEME', 'write docker.io/library/nginx'],
    ['Registry.example.com/a', 'PATTERN_UPPER_CASE', 'write registry.example.com/a'],
    ['registry.example.com/A', 'PATTERN_UPPER_CASE', 'write registry.example.com/a'],
    ['[FD00::1]/a', 'PATTERN_UPPER_CASE', 'write [fd00::1]/a'],
    [' registry.example.com/a', 'PATTERN_CHARACTER', 'write registry.example.com/a'],
    ['registry.example.com/a\n', 'PATTERN_CHARACTER', 'write registry.example.com/a'],
    ['registry.example.com/\u212a', 'PATTERN_CHARACTER', /^use/],
    ['registry.example.com/a%2fb', 'PATTERN_CHARACTER', /^use/],
    ['registry.example.com/a$', 'PATTERN_CHARACTER', /^use/],
  ],
  'a registry that cannot exist': [
    ['127.1/**', 'PATTERN_REGISTRY_INVALID', /four decimal numbers/],
    ['*.0.0.1/**', 'PATTERN_REGISTRY_INVALID', /four decimal numbers/],
    ['registry.example.com./**', 'PATTERN_REGISTRY_INVALID', /dot/],
    ['-*.example.com/**', 'PATTERN_REGISTRY_INVALID', 'correct the host'],
    ['registry.example.com:0443/**', 'PATTERN_REGISTRY_INVALID', /leading zeros/],
    ['registry.example.com:0/**', 'PATTERN_REGISTRY_INVALID', /1 to 65535/],
    ['registry.example.com:*/**', 'PATTERN_REGISTRY_INVALID', /1 to 65535/],
    ['registry.example.com:/**', 'PATTERN_REGISTRY_INVALID', /port/],
    ['[0::1]/**', 'PATTERN_REGISTRY_INVALID', 'write [::1]/**'],
    ['oci:5000/**', 'PATTERN_REGISTRY_INVALID', /in full$/],
  ],
  'C04 a host wildcard where anyone can register a name': [
    ['*.com/**', 'PATTERN_REGISTRY_TOO_BROAD', /\*\.example\.com/, 'opens'],
    ['registry.*/**', 'PATTERN_REGISTRY_TOO_BROAD', /\*\.example\.com/, 'opens'],
    ['a.*.com/**', 'PATTERN_REGISTRY_TOO_BROAD', /\*\.example\.com/, 'opens'],
    ['*.example*.com/**', 'PATTERN_REGISTRY_TOO_BROAD', /\*\.example\.com/, 'opens'],
    ['*:5000/**', 'PATTERN_REGISTRY_TOO_BROAD', /\*\.example\.com/, 'opens'],
  ],
  'a path that no repository has': [
    ['r.io//a', 'PATTERN_REPOSITORY_INVALID', 'write r.io/a'],
    ['r.io/a/', 'PATTERN_REPOSITORY_INVALID', 'write r.io/a/**'],
    ['r.io/../a', 'PATTERN_REPOSITORY_INVALID', /whole path segments/],
    ['r.io/-*', 'PATTERN_REPOSITORY_INVALID', /whole path segments/],
    ['r.io/*.', 'PATTERN_REPOSITORY_INVALID', /whole path segments/],
    ['r.io/a..*', 'PATTERN_REPOSITORY_INVALID', /whole path segments/],
  ],
  'C03 a path that Docker Hub does not have': [
    ['docker.io/nginx', 'PATTERN_MATCHES_NOTHING', 'write docker.io/library/nginx'],
    ['docker.io/library*', 'PATTERN_MATCHES_NOTHING', 'write docker.io/library/*'],
    ['docker.io/*', 'PATTERN_MATCHES_NOTHING', 'write docker.io/library/*', 'opens'],
    [
      'docker.io/*',
      'PATTERN_MATCHES_NOTHING',
      'write docker.io/library/*, or docker.io/** for all of it',
      'closes',
    ],
    ['index.docker.io/nginx', 'PATTERN_MATCHES_NOTHING', 'write docker.io/library/nginx'],
    ['docker.io:443/nginx', 'PATTERN_MATCHES_NOTHING', 'write docker.io/library/nginx'],
  ],
};

for (const [title, refusals] of Object.entries(REFUSALS)) {
  describe(`${title} is refused`, () => {
    for (const [text, code, hint, only] of refusals) {
      for (const use of only === undefined ? (['opens', 'closes'] as const) : [only]) {
        test(`${JSON.stringify(text.slice(0, 40))} (${use})`, () =>
          refuses(() => parseImagePattern(text, use), code, hint));
      }
    }
  });
}

test('a star as the registry is refused in a pattern that opens, and accepted in one that closes', () => {
  refuses(
    () => parseImagePattern('*/**', 'opens'),
    'PATTERN_REGISTRY_TOO_BROAD',
    'name the registries, as in registry.example.com/**',
  );
  refuses(
    () => parseImagePattern('*/nginx', 'opens'),
    'PATTERN_REGISTRY_TOO_BROAD',
    /registry.example.com\/nginx$/,
  );
  assert.equal(parseImagePattern('*/**', 'closes').registry, '*');
});

test('a pattern may have sixteen wildcards, and not seventeen', () => {
  const text = (count: number) => `r.io/${Array.from({ length: count }, () => 'a*').join('/')}`;
  assert.equal(parseImagePattern(text(16), 'opens').segments.length, 16);
  refuses(() => parseImagePattern(text(17), 'opens'), 'PATTERN_TOO_MANY_WILDCARDS', 'write several patterns');
});

function refuses(parse: () => unknown, code: ImagePatternErrorCode, hint: Refusal[2]): void {
  assert.throws(parse, (error) => {
    assert.ok(error instanceof ImagePatternError, String(error));
    assert.equal(error.code, code, error.message);
    if (typeof hint === 'string') assert.equal(error.hint, hint);
    else assert.match(error.hint, hint);
    // A full sentence in ASCII that begins with its subject.
    assert.match(error.message, /^Pattern "[\x20-\x7e]*\.$/);
    return true;
  });
}
