import { phrase, type Phrase, type Shown } from '../language/phrase.ts';

/** Renders a phrase as a sentence in the language of the answer. */
export type Say = (phrase: Phrase) => Shown;

const ELLIPSIS = '...';

/** The texts that fit, joined, and how many they are. */
interface Joined {
  readonly text: Shown;
  readonly shown: number;
}

/**
 * Joins the texts that fit, and counts the others without rendering them. The first text is always included, cut if
 * necessary. `limit` is in bytes of UTF-8.
 */
export function joinWithin<Item>(
  items: readonly Item[],
  render: (item: Item, index: number) => Shown,
  separator: 'words.next-cause' | 'words.next-place',
  limit: number,
  say: Say,
): Joined {
  const [first, ...others] = items;
  if (first === undefined) return { text: '' as Shown, shown: 0 };
  if (others.length === 0) return { text: cutToBytes(render(first, 0), limit), shown: 1 };
  const between = say(phrase(separator));
  const room = roomOfList(limit, say);
  let joined = cutToBytes(render(first, 0), room);
  let length = lengthOf(joined);
  for (const [index, item] of others.entries()) {
    const text = render(item, index + 1);
    length += lengthOf(between) + lengthOf(text);
    const isLast = index === others.length - 1;
    if (length > (isLast ? limit : room)) {
      const count = others.length - index;
      return { text: say(phrase('words.and-more', { list: joined, count })), shown: items.length - count };
    }
    joined = `${joined}${between}${text}` as Shown;
  }
  return { text: joined, shown: items.length };
}

/** What a list of two texts or more may take of `limit` bytes; the rest is for the number of the others. */
export function roomOfList(limit: number, say: Say): number {
  return limit - lengthOf(say(phrase('words.and-more', { list: '' as Shown, count: 999_999 })));
}

/** Cuts a text to `limit` bytes of UTF-8, between two characters. */
export function cutToBytes(text: Shown, limit: number): Shown {
  if (text.length * 3 <= limit || lengthOf(text) <= limit) return text;
  const bytes = Buffer.from(text);
  let end = Math.max(0, limit - ELLIPSIS.length);
  // This byte continues a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return (bytes.toString('utf8', 0, end) + ELLIPSIS) as Shown;
}

/** Cuts a text to `limit` UTF-16 code units, between two characters. */
export function cutToCharacters(text: Shown, limit: number): Shown {
  if (text.length <= limit) return text;
  const shown = text.slice(0, limit - ELLIPSIS.length);
  // Do not keep half of a surrogate pair.
  return `${/[\ud800-\udbff]$/.test(shown) ? shown.slice(0, -1) : shown}${ELLIPSIS}` as Shown;
}

function lengthOf(text: string): number {
  return Buffer.byteLength(text);
}
