import assert from 'node:assert/strict';
import test from 'node:test';
import { filesBelow, type SourceFile } from './sources.ts';

const FOLDERS = ['src', 'test', 'scripts', 'bench', 'bin'];

/** Other programs load these files by path: Stryker, and the mutation tests in place of `node:test`. */
const LOADED_BY_PATH = new Set(['test/mutation/node-test.ts', 'test/mutation/test-runner.ts']);

const DECLARED =
  /^export\s+(?:declare\s+|abstract\s+|async\s+)*(?:const|let|function\*?|class|interface|type|enum)\s+(\w+)/gm;
const LISTED = /^export\s+(?:type\s+)?\{([^}]*)\}/gm;

/** The names that a file exports. */
function exportsOf({ code }: SourceFile): string[] {
  const declared = [...code.matchAll(DECLARED)].map(([, name = '']) => name);
  const listed = [...code.matchAll(LISTED)].flatMap(([, list = '']) =>
    namesOf(list).map((name) => name.split(' as ').at(-1) ?? ''),
  );
  return [...declared, ...listed].filter((name) => name !== 'default');
}

/** `a, type B, c as d` → `a`, `B`, `c as d`. */
function namesOf(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.replace(/^\s*(?:type\s)?\s*/, '').trim())
    .filter((name) => name !== '');
}

/**
 * Each `file name` that another file imports. A namespace import or a lazy import uses each name that the importer
 * mentions.
 */
function importedNames(files: readonly SourceFile[]): ReadonlySet<string> {
  const exported = new Map(files.map((file) => [file.path, exportsOf(file)]));
  const used = new Set<string>();
  for (const { code, imports } of files) {
    for (const { specifier, target = specifier.replace('#test/', 'test/support/'), clause } of imports) {
      const braces = /\{([^}]*)\}/.exec(clause)?.[1];
      const names =
        braces === undefined
          ? (exported.get(target) ?? []).filter((name) => new RegExp(`\\b${name}\\b`).test(code))
          : namesOf(braces).map((name) => name.split(' as ')[0] ?? '');
      for (const name of names) used.add(`${target} ${name}`);
    }
  }
  return used;
}

test('every export is imported by another file', () => {
  const files = FOLDERS.flatMap((folder) => filesBelow(folder, '.ts').concat(filesBelow(folder, '.js')));
  const used = importedNames(files);
  const unused = files
    .filter(({ path }) => !LOADED_BY_PATH.has(path))
    .flatMap((file) =>
      exportsOf(file)
        .filter((name) => !used.has(`${file.path} ${name}`))
        .map((name) => `${file.path} ${name}`),
    );
  assert.deepEqual(unused, [], 'remove `export`, or the unused declaration');
});
