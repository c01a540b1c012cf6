/** Number of unchanged lines shown before and after a change. */
const CONTEXT = 3;

/** If the changed middle has more pairs of lines than this, it is shown as one replaced piece. */
const MAX_PAIRS = 4_000_000;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * The difference of two texts in the format of `diff -u`, without the two lines with names. Empty if they are equal.
 * `undefined` means that the file does not exist.
 */
export function renderLineDiff(before: string | undefined, after: string | undefined): string {
  const lines = compareLines(linesOf(before), linesOf(after));
  return hunksOf(lines)
    .map((hunk) => renderHunk(lines, hunk))
    .join('');
}

function linesOf(text: string | undefined): string[] {
  if (text === undefined || text === '') return [];
  const lines = text.split('\n');
  const last = lines.pop();
  return last === '' || last === undefined ? lines : [...lines, `${last}\n\\ No newline at end of file`];
}

function compareLines(before: readonly string[], after: readonly string[]): Line[] {
  const least = Math.min(before.length, after.length);
  let head = 0;
  while (head < least && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < least - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const same = (text: string): Line => ({ mark: ' ', text });
  return [
    ...before.slice(0, head).map(same),
    ...compareMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** The longest common subsequence, from a table of the lengths for each pair of positions. */
function compareMiddle(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  const isSmall = before.length * after.length <= MAX_PAIRS;
  const lengths = isSmall ? commonLengths(before, after, width) : new Uint32Array();
  const lines: Line[] = [];
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    const [old, fresh] = [before[left], after[right]];
    const longer = lengths[(left + 1) * width + right] ?? 0;
    if (isSmall && old !== undefined && old === fresh) {
      lines.push({ mark: ' ', text: old });
      left += 1;
      right += 1;
    } else if (
      old !== undefined &&
      (fresh === undefined || longer >= (lengths[left * width + right + 1] ?? 0))
    ) {
      lines.push({ mark: '-', text: old });
      left += 1;
    } else {
      lines.push({ mark: '+', text: fresh ?? '' });
      right += 1;
    }
  }
  return lines;
}

function commonLengths(before: readonly string[], after: readonly string[], width: number): Uint32Array {
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let left = before.length - 1; left >= 0; left -= 1) {
    for (let right = after.length - 1; right >= 0; right -= 1) {
      const at = left * width + right;
      lengths[at] =
        before[left] === after[right]
          ? (lengths[at + width + 1] ?? 0) + 1
          : Math.max(lengths[at + width] ?? 0, lengths[at + 1] ?? 0);
    }
  }
  return lengths;
}

/** The ranges of changes with their context. Changes whose contexts meet become one range. */
function hunksOf(lines: readonly Line[]): (readonly [start: number, end: number])[] {
  const hunks: (readonly [number, number])[] = [];
  for (const [index, { mark }] of lines.entries()) {
    if (mark === ' ') continue;
    const last = hunks.at(-1);
    const start = Math.max(0, index - CONTEXT);
    const end = Math.min(lines.length, index + CONTEXT + 1);
    if (last !== undefined && start <= last[1]) hunks[hunks.length - 1] = [last[0], end];
    else hunks.push([start, end]);
  }
  return hunks;
}

function renderHunk(lines: readonly Line[], [start, end]: readonly [number, number]): string {
  const shown = lines.slice(start, end);
  const range = (mark: '-' | '+'): string => {
    const isThere = (line: Line): boolean => line.mark === ' ' || line.mark === mark;
    const count = shown.filter(isThere).length;
    const first = lines.slice(0, start).filter(isThere).length + (count === 0 ? 0 : 1);
    return `${mark}${first},${count}`;
  };
  return `@@ ${range('-')} ${range('+')} @@\n${shown.map(({ mark, text }) => `${mark}${text}\n`).join('')}`;
}
