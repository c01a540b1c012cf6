import type { Shown } from './phrase.ts';

// What a terminal, a log or an HTTP header may act on, and what hides or turns letters around: controls, line
// separators, bidirectional marks and other formats but joiners, halves of surrogate pairs (CVE-2021-25743,
// CVE-2021-42574, K01, K02).
const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}[\p{Cf}--[\u200c\u200d]]]/v;
const EVERY_UNFIT = new RegExp(UNFIT, 'gv');

/**
 * Text in the letters of any language, such as a policy author's: what could break a line, hide or reorder text
 * becomes `\uXXXX`. It may be of any length. Text of a requester's is quoted instead.
 */
export function oneLine(text: string): Shown {
  return (isOneLine(text) ? text : text.replace(EVERY_UNFIT, escapeUnits)) as Shown;
}

/** Whether a text can stand in a message as it is. */
export function isOneLine(text: string): boolean {
  return !UNFIT.test(text);
}

/** Each UTF-16 code unit as JSON spells it: `\u001b`. */
export function escapeUnits(text: string): string {
  let escaped = '';
  for (let index = 0; index < text.length; index += 1)
    escaped += `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`;
  return escaped;
}
