import assert from 'node:assert/strict';
import test from 'node:test';
import { filesBelow } from './sources.ts';
import type { SourceFile } from './sources.ts';

/** The files of the first import cycle, with the first file again at the end; `undefined` if there is none. */
function findCycle(imports: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of imports.get(file) ?? []) {
      const cycle = walk(next, [...way, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of imports.keys()) {
    const cycle = walk(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function graph(sources: readonly SourceFile[]): ReadonlyMap<string, readonly string[]> {
  return new Map(sources.map(({ path, imports }) => [path, imports.flatMap(({ target }) => target ?? [])]));
}

test('no file imports itself, directly or indirectly, with imports of types counted', () => {
  for (const folder of ['src', 'test', 'scripts', 'bench']) {
    assert.equal(findCycle(graph(filesBelow(folder, '.ts')))?.join(' → '), undefined);
  }
});

test('the search finds a cycle of any length', () => {
  const imports = new Map([
    ['a', ['b', 'd']],
    ['b', ['c']],
    ['c', ['d', 'b']],
    ['d', []],
  ]);
  assert.deepEqual(findCycle(imports), ['b', 'c', 'b']);
});
