/**
 * Whether the text, cut into segments at each separator, is what the segments of a pattern name:
 *
 * - `*` inside a segment stands for any run of characters, also none, of one segment;
 * - `**` as a segment stands for one or more whole segments.
 *
 * Greedy with one step back: where a star took too little, only the last star takes more, which is enough because
 * what an earlier one would take, the last one can. So there is no input that explodes, as there is for globs
 * that become regular expressions; at worst each character is looked at once for each character of the pattern.
 */
export function matchesGlob(pattern: readonly string[], text: string, separator: string): boolean {
  let next = 0;
  let start = 0;
  // The last `**`: the segment behind it in the pattern, and the end of what it has taken so far.
  let starNext = -1;
  let starEnd = 0;
  while (start <= text.length) {
    const end = segmentEnd(text, start, separator);
    const segment = pattern[next];
    if (segment === '**') {
      next += 1;
      // Nothing behind it: it takes all that is left, which is one segment at least.
      if (next === pattern.length) return true;
      starNext = next;
      starEnd = end;
      start = end + 1;
    } else if (segment !== undefined && matchesSegment(segment, text, start, end)) {
      next += 1;
      start = end + 1;
    } else if (starNext !== -1) {
      next = starNext;
      starEnd = segmentEnd(text, starEnd + 1, separator);
      start = starEnd + 1;
    } else {
      return false;
    }
  }
  return next === pattern.length;
}

function segmentEnd(text: string, start: number, separator: string): number {
  const end = text.indexOf(separator, start);
  return end === -1 ? text.length : end;
}

function matchesSegment(segment: string, text: string, start: number, end: number): boolean {
  if (segment === '*') return true;
  if (!segment.includes('*')) return segment.length === end - start && text.startsWith(segment, start);
  return matchesWildcards(segment, text, start, end);
}

function matchesWildcards(segment: string, text: string, start: number, end: number): boolean {
  let next = 0;
  let at = start;
  let starNext = -1;
  let starEnd = 0;
  while (at < end) {
    const wanted = segment.charAt(next);
    if (wanted === '*') {
      next += 1;
      starNext = next;
      starEnd = at;
    } else if (wanted === text.charAt(at)) {
      next += 1;
      at += 1;
    } else if (starNext !== -1) {
      next = starNext;
      starEnd += 1;
      at = starEnd;
    } else {
      return false;
    }
  }
  while (segment.charAt(next) === '*') next += 1;
  return next === segment.length;
}
