import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom, type Random } from '../../test/fuzz/random.ts';
import { PatternIndex, PatternList } from './pattern-index.ts';
import { type ImagePattern, matchesImage, parseImagePattern, type PatternUse } from './pattern.ts';
import { type ImageReference, parseImageReference } from './reference.ts';

const REGISTRIES = [
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'docker.io:443',
  'r.example.com',
  'r.example.com:443',
  'r.example.com:5000',
  'a.r.example.com',
  'ghcr.io',
  'localhost:5000',
] as const;
const PATTERN_REGISTRIES = [
  ...REGISTRIES,
  '*',
  '*.example.com',
  '*.r.example.com',
  'r*.example.com:5000',
  '*.docker.io',
] as const;
const SEGMENTS = ['a', 'ab', 'team', 'team-1', 'library', 'nginx'] as const;
const PATTERN_SEGMENTS = [...SEGMENTS, '*', '**', 'team-*', '*-1', 'a*b'] as const;

function pathOf(random: Random, segments: readonly [string, ...string[]]): string {
  return Array.from({ length: 1 + random.below(3) }, () => random.pick(segments)).join('/');
}

function imageOf(text: string): ImageReference {
  const reference = parseImageReference(text);
  assert.ok(reference.kind === 'image', text);
  return reference;
}

/** Random patterns. Texts that are no pattern are left out. */
function patternsOf(random: Random, count: number): readonly ImagePattern[] {
  const uses = ['opens', 'closes'] as const satisfies PatternUse[];
  const patterns: ImagePattern[] = [];
  while (patterns.length < count) {
    const text = `${random.pick(PATTERN_REGISTRIES)}/${pathOf(random, PATTERN_SEGMENTS)}`;
    try {
      patterns.push(parseImagePattern(text, random.pick(uses)));
    } catch {
      // It would match nothing, or too much.
    }
  }
  return patterns;
}

/** Patterns that count how often one of them is compared with an image. */
function countedPatterns(texts: readonly string[]): {
  readonly patterns: readonly ImagePattern[];
  readonly count: () => number;
} {
  let visits = 0;
  const patterns = texts.map((text) => {
    const pattern = parseImagePattern(text, 'closes');
    const count = (): readonly string[] => {
      visits += 1;
      return pattern.segments;
    };
    return Object.defineProperty({ ...pattern }, 'segments', { get: count });
  });
  return {
    patterns,
    count: () => {
      const counted = visits;
      visits = 0;
      return counted;
    },
  };
}

describe('an index of patterns', () => {
  it('XH3 finds exactly the patterns that match when each is compared', () => {
    const random = createRandom(11);
    let matches = 0;
    for (let round = 0; round < 20; round += 1) {
      const patterns = patternsOf(random, 60);
      const index = new PatternIndex<ImagePattern>();
      for (const pattern of patterns) index.add(pattern, pattern);
      const list = new PatternList(patterns);
      for (let count = 0; count < 50; count += 1) {
        const image = imageOf(`${random.pick(REGISTRIES)}/${pathOf(random, SEGMENTS)}`);
        const found = new Set<ImagePattern>();
        index.find(image, (pattern) => {
          found.add(pattern);
          return false;
        });
        const expected = patterns.filter((pattern) => matchesImage(pattern, image));
        assert.deepEqual(found, new Set(expected), image.original);
        assert.equal(list.matches(image), expected.length > 0, image.original);
        matches += expected.length;
      }
    }
    assert.ok(matches > 500, `${matches} matches`);
  });

  it('XH3 compares few patterns of many', () => {
    const texts = Array.from({ length: 300 }, (_, team) => [
      `registry.example.com/team-${team}/**`,
      `ghcr.io/acme/t${team}-*`,
      `quay.io/acme/app-${team}`,
      `*.example.org/t${team}/**`,
      `registry.example.com/shared/*/team-${team}`,
    ]).flat();
    const { patterns, count } = countedPatterns(texts);
    const list = new PatternList(patterns);
    count();
    for (const [image, matches, visits] of [
      ['registry.example.com/team-17/app', true, 1],
      ['registry.example.com/team-x/app', false, 0],
      ['ghcr.io/acme/t29-app', true, 1],
      ['quay.io/acme/app-5', true, 1],
      ['quay.io/acme/app-500', false, 0],
      ['eu.example.org/t7/app', true, 1],
      ['docker.io/library/nginx', false, 0],
      // The text before the first wildcard is the same in these patterns.
      ['registry.example.com/shared/a/team-x', false, 300],
    ] as const) {
      assert.equal(list.matches(imageOf(image)), matches, image);
      assert.equal(count(), visits, image);
    }
  });

  it('can stop at the first match', () => {
    const index = new PatternIndex<number>();
    for (const value of [1, 2, 3]) index.add(parseImagePattern('ghcr.io/**', 'opens'), value);
    const seen: number[] = [];
    assert.equal(
      index.find(imageOf('ghcr.io/a'), (value) => seen.push(value) === 2),
      true,
    );
    assert.equal(seen.length, 2);
  });
});
