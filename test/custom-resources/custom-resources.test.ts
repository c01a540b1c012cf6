import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fieldOf, type ImageUse } from '../../src/image/use.ts';
import { parseDocuments } from '../../src/document/yaml.ts';
import type { CustomKind, ImageSource } from '../../src/workload/custom/custom-kind.ts';
import { findCustomImages } from '../../src/workload/custom/find-custom-images.ts';
import { PROJECTS, SHIPPED_KINDS } from '../../src/workload/custom/shipped-kinds.ts';
import { checkWrites } from '#test/written-images.ts';
import type { Fields } from '../../src/document/json.ts';
import { KNOWN_KINDS } from '../../src/workload/kinds.ts';
import { findKind, groupOf } from '../../src/workload/kinds.ts';

/** An object as users write it, and every image that the gate finds in it. */
interface Example {
  readonly file: string;
  readonly kind: CustomKind;
  readonly object: Fields;
  readonly expected: readonly string[];
}

const EXAMPLES = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.yaml'))
  .flatMap(readExamples);

/** In a file, each second document is the expectation for the document before it. */
function readExamples(file: string): Example[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const values = parseDocuments(text, file).map(({ value }) => value as Fields);
  return Array.from({ length: values.length / 2 }, (_, index) => {
    const [object = {}, { expected } = {}] = values.slice(index * 2);
    const kind = findKind(KNOWN_KINDS, groupOf(String(object['apiVersion'])), String(object['kind']));
    assert.ok(kind?.origin === 'custom', `${file}: ${String(object['kind'])} is not a known custom resource`);
    return { file, kind, object, expected: expected as readonly string[] };
  });
}

function linesOf(kind: CustomKind, object: Fields): string[] {
  const images = findCustomImages(kind, object);
  assert.equal(images.kind, 'list', JSON.stringify(images));
  const line = (use: ImageUse): string => `${fieldOf(use)} ${use.usage} ${use.container ?? '-'} ${use.image}`;
  return [...images.uses.map(line), ...images.placeholders.map((use) => `${line(use)} placeholder`)];
}

describe('the images of custom resources that come with the gate', () => {
  for (const { file, kind, object, expected } of EXAMPLES) {
    const { name, generateName } = object['metadata'] as Fields;
    it(`${file}: ${kind.kind} ${String(name ?? generateName)}`, () => {
      assert.deepEqual(linesOf(kind, object), expected);
      assert.equal(checkWrites(kind, object), expected.length);
    });
  }

  it('every kind has an example', () => {
    const shown = new Set(EXAMPLES.map(({ kind }) => kind));
    assert.deepEqual(
      SHIPPED_KINDS.filter((kind) => !shown.has(kind)).map(({ resource }) => resource),
      [],
    );
  });
});

describe('every path is needed: without it an image of an example is not found', () => {
  for (const kind of SHIPPED_KINDS) {
    it(kind.resource, () => {
      for (const source of kind.sources) assert.ok(isMissed(source, kind), source.at.text);
    });
  }

  for (const [project, kinds] of Object.entries(PROJECTS)) {
    it(`${project}, in parts of any depth`, () => {
      const inner = new Set(kinds.flatMap(({ sources }) => [...reach(sources)]));
      const idle = [...inner].filter((source) => !kinds.some((kind) => isMissed(source, kind)));
      assert.deepEqual(
        idle.map(({ at }) => at.text),
        [],
      );
    });
  }
});

/** Whether some example of a kind has fewer images without this source. */
function isMissed(source: ImageSource, kind: CustomKind): boolean {
  const poorer = { ...kind, sources: without(source, kind.sources) };
  return EXAMPLES.some(
    (example) =>
      example.kind === kind && linesOf(poorer, example.object).length < linesOf(kind, example.object).length,
  );
}

function without(left: ImageSource, sources: readonly ImageSource[]): readonly ImageSource[] {
  return sources
    .filter((source) => source !== left)
    .map((source) => {
      if (source.kind !== 'within') return source;
      const { at, part, form } = source;
      return { kind: 'within', at, part, form, sources: () => without(left, source.sources()) };
    });
}

/** All sources that are reachable from the sources of a kind. */
function reach(sources: readonly ImageSource[], seen: Set<ImageSource> = new Set()): Set<ImageSource> {
  for (const source of sources) {
    if (seen.has(source)) continue;
    seen.add(source);
    if (source.kind === 'within') reach(source.sources(), seen);
  }
  return seen;
}

it('shipped kinds are listed once, have an API group outside Kubernetes, and have their images below a field of the root', () => {
  const names = SHIPPED_KINDS.map(({ resource }) => resource);
  assert.deepEqual([...new Set(names)], names);
  for (const { resource, group, sources } of SHIPPED_KINDS) {
    assert.match(resource, /^[a-z]+(\.[a-z0-9-]+){2,}$/);
    assert.ok(resource.endsWith(`.${group}`));
    for (const { at } of sources) assert.equal(at.steps[0]?.kind, 'key', `${resource}: ${at.text}`);
  }
});
