/**
 * Whether a text matches the segments of a pattern. The text is split at each separator.
 *
 * - `*` within a segment matches any characters of that segment, also none.
 * - `**` as a segment matches one or more whole segments.
 *
 * If a segment does not match, only the last star is extended. That is enough, because the last star can match everything
 * that an earlier star could match. So the time is at most proportional to the length of the pattern times the length of the
 * text; a regular expression made from a glob can take exponential time.
 */
export function matchesGlob(pattern: readonly string[], text: string, separator: string): boolean {
  let next = 0;
  let start = 0;
  // For the last `**`: the index of the next segment of the pattern, and the end of the text that `**` has matched.
  let starNext = -1;
  let starEnd = 0;
  while (start <= text.length) {
    const segment = pattern[next];
    // The last segment of the pattern matches the rest, which has at least one segment.
    if (segment === '**' && next + 1 === pattern.length) return true;
    const end = segmentEnd(text, start, separator);
    if (segment === '**') {
      next += 1;
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
