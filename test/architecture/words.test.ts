import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { root } from './sources.ts';

/** Words that make a sentence hard to read: a person in place of a program, or an old conjunction. */
const WORDS = [
  'nobody',
  'whoever',
  'told',
  'amid',
  'bites',
  'of ours',
  'somebody',
  'peace',
  'clothes',
  'anew',
];

/** How often the words may still occur below a folder. New entries are not allowed. */
const ALLOWED: Readonly<Record<string, number>> = {};

const FOLDERS = ['.ci', 'bench', 'bin', 'docs', 'examples', 'scripts', 'src', 'test', 'tools'];

/** Files that other programs wrote, and this file. */
const EXEMPT =
  /(?:^|\/)(?:node_modules|recordings|LICENSE|package-lock\.json|words\.test\.ts)(?:\/|$)|\.sum$/;

/** White space and comment marks may be between the words of a pair. */
const PATTERN = new RegExp(
  `(?<![a-z])(?:${WORDS.map((word) => word.replace(' ', String.raw`[\s*/#]+`)).join('|')})(?![a-z])`,
  'gi',
);

/** The words in a text, including parts of names: `toldTwice`, `SOMEBODY_ELSE`. */
function wordsIn(text: string): readonly string[] {
  return text.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ').match(PATTERN) ?? [];
}

/** Paths of the files of the checkout, from its root. */
function files(): readonly string[] {
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
  );
  const beside = readdirSync(root).filter((name) => name.endsWith('.md') || name === 'Dockerfile');
  return [...below, ...beside].map((path) => path.replaceAll('\\', '/')).filter((path) => !EXEMPT.test(path));
}

test('no source, test, script or page contains one of the ten words', () => {
  const found = files().flatMap((path) => {
    const words = wordsIn(readFileSync(join(root, path), 'utf8'));
    return words.length === 0 ? [] : [{ path, words }];
  });
  for (const folder of new Set(found.map(({ path }) => path.split('/')[0] ?? path))) {
    const below = found.filter(({ path }) => path.split('/')[0] === folder);
    const count = below.reduce((sum, { words }) => sum + words.length, 0);
    const places = below.map(({ path, words }) => `${path}: ${words.join(', ')}`).join('\n');
    assert.ok(
      count <= (ALLOWED[folder] ?? 0),
      `${folder} has ${count} of the words; rewrite the sentences:\n${places}`,
    );
  }
});

test('the lint finds the words in comments and names, in upper and lower case, and not as parts of other words', () => {
  assert.deepEqual(wordsIn('// Nobody is toldTwice, one\n// of\n// ours: SOMEBODY_ELSE'), [
    'Nobody',
    'told',
    'of\n// ours',
    'SOMEBODY',
  ]);
  assert.deepEqual(wordsIn('a manewver, retold, of hours, pyramid, frobnicates'), []);
});
