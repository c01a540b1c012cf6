import type { Shown } from './phrase.ts';

// Characters that a terminal, a log or an HTTP header interprets, or that hide or reorder letters: controls, line
// separators, bidirectional marks and other formats except joiners, halves of surrogate pairs (CVE-2021-25743,
// CVE-2021-42574, K01, K02).
const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}[\p{Cf}--[\u200c\u200d]]]/v;
const EVERY_UNFIT = new RegExp(UNFIT, 'gv');
// Most texts have only these characters, and this test is faster.
const NOT_PLAIN = /[^\x20-\x7e]/;

/**
 * Text in any language, such as a message of a policy: characters that break a line, or hide or reorder text, become
 * `\uXXXX`. The length is not limited. Use `quote` for text of a requester.
 */
export function oneLine(text: string): Shown {
  return (isOneLine(text) ? text : text.replace(EVERY_UNFIT, escapeUnits)) as Shown;
}

/** Whether a text is safe in a message without a change. */
export function isOneLine(text: string): boolean {
  return !NOT_PLAIN.test(text) || !UNFIT.test(text);
}

/** Each UTF-16 code unit in JSON's notation: `\u001b`. */
export function escapeUnits(text: string): string {
  let escaped = '';
  for (let index = 0; index < text.length; index += 1)
    escaped += `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`;
  return escaped;
}
