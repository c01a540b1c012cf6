import { fault, type Fault, quoted } from './fault.ts';

const VARIABLE =
  /\$\{[^{}]*\}|\$\([^()]*\)|\$[A-Za-z_]\w*|\{\{[^{}]*\}\}|<[^<>]*>|%[A-Za-z_]\w*%|@[A-Z][A-Z0-9_]*@|__[A-Z][A-Z0-9_]*__/;
const QUOTES = /^(?:"[^"]*"|'[^']*'|`[^`]*`|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019)$/;
const FULL_WIDTH = /[\uff01-\uff5e]/;
const FULL_WIDTH_OFFSET = 0xfee0;

/**
 * The mistake that most probably led to a text that is no reference: a blank text, quotes, a variable without a value, a
 * character of a Chinese or Japanese keyboard, a wildcard. Called only for a text that was refused.
 */
export function likelyMistake(text: string): Fault | undefined {
  if (text !== '' && text.trim() === '') return fault('INVALID_REFERENCE.blank', { text: quoted(text) });
  const variable = VARIABLE.exec(text)?.[0];
  if (variable !== undefined) return fault('INVALID_REFERENCE.variable', { variable: quoted(variable) });
  if (QUOTES.test(text)) return fault('INVALID_REFERENCE.quotes', { text: quoted(text) });
  const wide = FULL_WIDTH.exec(text)?.[0];
  if (wide !== undefined) {
    const ascii = String.fromCharCode(wide.charCodeAt(0) - FULL_WIDTH_OFFSET);
    return fault('INVALID_REFERENCE.full-width', { character: quoted(wide), ascii: quoted(ascii) });
  }
  const offset = text.indexOf('*');
  return offset === -1 ? undefined : fault('INVALID_REFERENCE.wildcard', { offset });
}
