import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../serve/gate-process.ts';
import { pages } from './blocks.ts';

/** Longer cells are paragraphs; they belong below the table. */
const MAX_CELL_CHARACTERS = 260;
const MAX_SENTENCE_CHARACTERS = 160;

/** The tables of these pages are written from the code. */
const GENERATED: ReadonlySet<string> = new Set([
  'docs/custom-resources.md',
  'docs/doctor.md',
  'docs/threats.md',
  'docs/field-cases.md',
]);

/** The lines of a page outside its fenced blocks. */
function proseOf(page: string): readonly string[] {
  return readFileSync(join(root, page), 'utf8')
    .replaceAll(/^```[^]*?^```$/gm, '')
    .split('\n');
}

/** The sentences of a page in their displayed form. Links are replaced by their texts. Lists of links and tables are excluded. */
function sentencesOf(page: string): readonly string[] {
  return proseOf(page)
    .map((line) => (/^(?:$|[-|#]|\d+\. )/.test(line) ? `\n\n${line}` : line))
    .join('\n')
    .split(/\n\n+/)
    .filter((paragraph) => !paragraph.startsWith('|') && !paragraph.includes(' · '))
    .flatMap((paragraph) =>
      paragraph
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replaceAll('\n', ' ')
        .split(/(?<=[.:;!?])\s+/),
    );
}

describe('the style of the pages', () => {
  for (const page of pages().filter((name) => !GENERATED.has(name)))
    it(`${page} has no paragraph in a table cell`, () => {
      const cells = proseOf(page)
        .filter((line) => line.startsWith('|'))
        .flatMap((line) => line.split(/(?<!\\)\|/));
      assert.deepEqual(
        cells.filter((cell) => cell.length > MAX_CELL_CHARACTERS),
        [],
      );
    });

  it('README.md has no sentence that is too long', () => {
    const sentences = sentencesOf('README.md');
    assert.ok(sentences.length > 40, `${sentences.length} sentences`);
    assert.deepEqual(
      sentences.filter((sentence) => sentence.length > MAX_SENTENCE_CHARACTERS),
      [],
    );
  });
});
