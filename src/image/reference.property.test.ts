import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inEnglish } from '../language/catalogue.ts';

import * as fc from 'fast-check';

import { ALGORITHM, HOST, REPOSITORY, TAG } from './grammar.ts';
import { ImagePatternError } from './pattern-text.ts';
import { matchesImage, parseImagePattern } from './pattern.ts';
import { canonicalName, effectiveTag, type ImageReference, parseImageReference } from './reference.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_122);

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: length, maxLength: length });
const path = fc.stringMatching(REPOSITORY, { maxLength: 60 });
const tag = fc.oneof(
  fc.stringMatching(TAG, { maxLength: 40 }),
  fc.constantFrom('latest', '__proto__', 'constructor'),
);
const digest = fc.oneof(
  hex(64).map((digits) => `sha256:${digits}`),
  hex(128).map((digits) => `sha512:${digits}`),
);
const registry = fc.oneof(
  fc.stringMatching(HOST, { maxLength: 40 }).map((host) => `${host}.example`),
  fc.constantFrom('docker.io', 'registry-1.docker.io', 'localhost', '127.0.0.1', '[fd00::1]'),
  fc.integer({ min: 1, max: 65_535 }).map((port) => `registry.example.com:${port}`),
);
const written = fc.record({
  registry,
  path,
  tag: fc.option(tag, { nil: undefined }),
  digest: fc.option(digest, { nil: undefined }),
});
const anything = fc.oneof(
  { weight: 4, arbitrary: written.map(render) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(written.map(render), fc.nat(), fc.string({ unit: 'binary', maxLength: 3 }))
      .map(([text, at, piece]) => splice(text, at, piece)),
  },
  { weight: 1, arbitrary: fc.stringMatching(ALGORITHM).map((algorithm) => `app@${algorithm}:00`) },
);

describe('every reference', () => {
  test('B30 that is made of parts is parsed into the same parts', () => {
    holds(
      fc.property(written, (parts) => {
        const result = parseImageReference(render(parts));
        assert.ok(result.kind === 'image', JSON.stringify(result));
        assert.deepEqual(
          [result.registry, result.tag, result.digest],
          [parts.registry, parts.tag, parts.digest],
        );
        const official = parts.registry === 'docker.io' && !parts.path.includes('/');
        assert.equal(result.repository, official ? `library/${parts.path}` : parts.path);
      }),
      6000,
    );
  });

  test('B30 has one canonical name, which is its own canonical name', () => {
    holds(
      fc.property(anything, (text) => {
        const result = parseImageReference(text);
        assert.equal(result.original, text);
        if (result.kind === 'invalid') return;
        const again = parseImageReference(canonicalName(result));
        assert.ok(again.kind === 'image');
        assert.equal(canonicalName(again), canonicalName(result));
        assert.equal(effectiveTag(again), effectiveTag(result));
      }),
      10_000,
    );
  });

  test('B11 that is accepted is ASCII, and each reason is ASCII', () => {
    holds(
      fc.property(anything, (text) => {
        const result = parseImageReference(text);
        assert.match(
          result.kind === 'image' ? text : inEnglish(result.reason) + inEnglish(result.remedy),
          /^[\x20-\x7e]+$/,
        );
      }),
      2000,
    );
  });

  test('C05 matches the pattern of its own registry and repository, and no other', () => {
    holds(
      fc.property(written, fc.constantFrom('opens' as const, 'closes' as const), (parts, use) => {
        const result = parseImageReference(render(parts));
        assert.ok(result.kind === 'image');
        const name = `${result.registry}/${result.repository}`;
        assert.equal(matchesImage(parseImagePattern(name, use), result), true);
        assert.equal(matchesImage(parseImagePattern(`${name}/**`, use), result), false);
        assert.equal(matchesImage(parseImagePattern(`${name}x`, use), result), false);
        assert.equal(
          matchesImage(parseImagePattern(`other.example/${result.repository}`, use), result),
          false,
        );
      }),
      2000,
    );
  });

  test('B03 that matches a pattern that opens also matches the same pattern if it closes', () => {
    let matched = 0;
    const stars = fc.array(fc.constantFrom('', '*', '**'), { minLength: 5, maxLength: 5 });
    holds(
      fc.property(written, fc.boolean(), stars, (parts, anyLabel, stars) => {
        const result = parseImageReference(render(parts));
        assert.ok(result.kind === 'image');
        const registry = anyLabel ? result.registry.replace(/^[a-z0-9-]+/, '*') : result.registry;
        const segments = result.repository.split('/').map((segment, index) => stars[index] || segment);
        const text = `${registry}/${segments.join('/')}`;
        if (!opens(text, result)) return;
        matched += 1;
        assert.equal(matchesImage(parseImagePattern(text, 'closes'), result), true, text);
      }),
      2000,
    );
    assert.ok(matched > 1000, `only ${matched} patterns matched`);
  });
});

function render(parts: {
  registry: string;
  path: string;
  tag: string | undefined;
  digest: string | undefined;
}): string {
  const tag = parts.tag === undefined ? '' : `:${parts.tag}`;
  return `${parts.registry}/${parts.path}${tag}${parts.digest === undefined ? '' : `@${parts.digest}`}`;
}

function opens(text: string, image: ImageReference): boolean {
  try {
    return matchesImage(parseImagePattern(text, 'opens'), image);
  } catch (error) {
    if (error instanceof ImagePatternError) return false;
    throw error;
  }
}

function splice(text: string, at: number, piece: string): string {
  const offset = at % (text.length + 1);
  return text.slice(0, offset) + piece + text.slice(offset + 1);
}

function holds<Parts>(property: fc.IProperty<Parts>, numRuns: number): void {
  try {
    fc.assert(property, { seed: SEED, numRuns });
  } catch (cause) {
    throw new Error(`repeat: FUZZ_SEED=${SEED} npm test`, { cause });
  }
}
