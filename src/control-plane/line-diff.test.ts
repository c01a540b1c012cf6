import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import * as fc from 'fast-check';
import { renderLineDiff } from './line-diff.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index + 1));
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describe('a difference of lines', () => {
  it('shows three lines around a change, and one hunk for each place', () => {
    const after = numbers(30).with(4, 'five').with(24, 'twenty-five');
    assert.equal(
      renderLineDiff(text(numbers(30)), text(after)),
      '@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n@@ -22,7 +22,7 @@\n 22\n 23\n 24\n-25\n+twenty-five\n 26\n 27\n 28\n',
    );
  });

  it('joins changes whose contexts meet', () =>
    assert.equal(
      renderLineDiff(text(numbers(9)), text(numbers(9).with(1, 'b').with(6, 'g'))).split('@@').length,
      3,
    ));

  it('is empty when nothing changes', () => assert.equal(renderLineDiff('a\n', 'a\n'), ''));

  it('distinguishes a new file from an empty one', () => {
    assert.equal(renderLineDiff(undefined, 'a\nb\n'), '@@ -0,0 +1,2 @@\n+a\n+b\n');
    assert.equal(renderLineDiff('a\n', undefined), '@@ -1,1 +0,0 @@\n-a\n');
  });

  it('shows that the last line has no line break', () =>
    assert.equal(
      renderLineDiff('a\nb', 'a\nb\n'),
      '@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n',
    ));
});

/** Applies a diff as `patch` does, and checks the position and the lines of each hunk. */
function patched(before: string, difference: string): string {
  const old = before.split('\n').slice(0, -1);
  const made: string[] = [];
  let at = 0;
  for (const hunk of difference.split(/^@@ /m).slice(1)) {
    const [head = '', ...lines] = hunk.split('\n').slice(0, -1);
    const [, start = '', count = ''] = /^-(\d+),(\d+) /.exec(head) ?? [];
    const first = Number(start) - (count === '0' ? 0 : 1);
    made.push(...old.slice(at, first));
    at = first;
    for (const line of lines) {
      if (!line.startsWith('+')) assert.equal(old[at++], line.slice(1));
      if (!line.startsWith('-')) made.push(line.slice(1));
    }
  }
  return text([...made, ...old.slice(at)]);
}

test('a diff turns one text into the other, for any texts', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 20 }).map(text);
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      assert.equal(patched(before, renderLineDiff(before, after)), after);
    }),
    { seed: 1, numRuns: 500 },
  );
});
