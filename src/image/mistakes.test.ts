import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { englishText } from '#test/phrases.ts';
import { parseImageReference } from './reference.ts';

const HEX = 'b0ad43f7ee5edbc0effbc14645ae7055e21bc1973aee5150745632a24a752661';

/** A text, the reason of its refusal, and the text after its remedy. */
const MISTAKES: readonly (readonly [text: string, reason: string, mended: string])[] = [
  [' ', 'the reference " " is blank', 'nginx:1'],
  ['\t\u00a0', String.raw`the reference "\t\u00a0" is blank`, 'nginx:1'],
  ['"nginx:1"', String.raw`the reference "\"nginx:1\"" is in quotes`, 'nginx:1'],
  ["'nginx:1'", `the reference "'nginx:1'" is in quotes`, 'nginx:1'],
  ['\u201cnginx:1\u201d', String.raw`the reference "\u201cnginx:1\u201d" is in quotes`, 'nginx:1'],
  ['${PREFIX}/api:1', 'the variable "${PREFIX}" has no value', 'registry.example.com/api:1'],
  ['app:$(VERSION)', 'the variable "$(VERSION)" has no value', 'app:1'],
  ['app:$VERSION', 'the variable "$VERSION" has no value', 'app:1'],
  ['{{ .Values.image }}', 'the variable "{{ .Values.image }}" has no value', 'app:1'],
  ['app:<no value>', 'the variable "<no value>" has no value', 'app:1'],
  ['app:%VERSION%', 'the variable "%VERSION%" has no value', 'app:1'],
  ['app:@TAG@', 'the variable "@TAG@" has no value', 'app:1'],
  ['__IMAGE__', 'the variable "__IMAGE__" has no value', 'app'],
  ['nginx\uff1a1.19', String.raw`"\uff1a" is the full-width form of ":"`, 'nginx:1.19'],
  ['nginx\uff0fapp:1', String.raw`"\uff0f" is the full-width form of "/"`, 'nginx/app:1'],
  ['app:staging.*', '"*" at offset 12, and a reference names one image', 'app:staging.1'],
  [
    `r.io/app:sha256:${HEX}`,
    `the digest "sha256:${HEX.slice(0, 57)}"... comes after ":"`,
    `r.io/app@sha256:${HEX}`,
  ],
  ['r.io/app:SHA256:00', 'the digest "SHA256:00" comes after ":"', `r.io/app@sha256:${HEX}`],
  ['r.io/app:main:0.0.1', '"main:0.0.1" are two tags', 'r.io/app:main'],
  ['r.io/app:feature/x', 'tag "feature/x" has "/", like the name of a branch', 'r.io/app:feature-x'],
  ['nginx@latest', 'digest "latest" names no algorithm', 'nginx:latest'],
];

describe('X12 a text that is no reference is refused with its likeliest mistake', () => {
  for (const [text, reason, mended] of MISTAKES) {
    it(`X12 ${JSON.stringify(text)}`, () => {
      const refused = parseImageReference(text);
      assert.ok(refused.kind === 'invalid');
      assert.deepEqual([refused.code, englishText(refused.reason)], ['INVALID_REFERENCE', reason]);
      assert.equal(parseImageReference(mended).kind, 'image', 'the remedy leads to a reference');
    });
  }

  it('X12 the remedies say what to write', () => {
    const remedies = new Set(
      MISTAKES.map(([text]) => {
        const refused = parseImageReference(text);
        return refused.kind === 'invalid' ? englishText(refused.remedy) : '';
      }),
    );
    assert.deepEqual(
      [...remedies],
      [
        'name an image',
        'remove the quotes',
        'put its value there first, for example with envsubst, helm template or kustomize build',
        'write ":"',
        'write "/"',
        'write name and tag in full',
        'write "@" before the digest',
        'write one tag',
        'write "-" in its place',
        'write ":" before a tag, or "@" before sha256: and 64 hexadecimal digits',
      ],
    );
  });
});
