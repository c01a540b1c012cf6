import { fault, type Fault, quoted } from './fault.ts';
import { likelyMistake } from './mistakes.ts';

const FOREIGN = /[^A-Za-z0-9._:/@[\]+-]/;
const SCHEME = /^[A-Za-z0-9+.-]*:\/\//;
const WHITE_SPACE = /[\t\n\v\f\r ]/;
// eslint-disable-next-line no-control-regex -- it searches for control characters
const CONTROL = /[\u0000-\u001f\u007f]/;
const NOT_ASCII = /[\u0080-\uffff]/;

/**
 * The fault of a text as a whole: a likely mistake, a character that no reference has, a scheme or user-info. Called only after a part of
 * the text was refused, because this reason is clearer. Text that the grammar accepts has no such fault.
 */
export function textFault(text: string): Fault | undefined {
  if (text === '') return fault('INVALID_REFERENCE.empty');
  const mistake = likelyMistake(text);
  if (mistake !== undefined) return mistake;
  const offset = text.search(FOREIGN);
  if (offset !== -1) return foreignFault(text.charAt(offset), offset);
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme !== undefined) return fault('INVALID_REFERENCE.scheme', { scheme: quoted(scheme) });
  const at = text.indexOf('@');
  if (at !== -1 && text.includes('/', at)) {
    // In a URL, b is the host of "a@b/c".
    return fault('INVALID_REFERENCE.user-info');
  }
  return undefined;
}

function foreignFault(text: string, offset: number): Fault {
  const character = quoted(text);
  if (WHITE_SPACE.test(text)) return fault('INVALID_REFERENCE.white-space', { character, offset });
  if (CONTROL.test(text)) return fault('INVALID_REFERENCE.control-character', { character, offset });
  // URL and toLowerCase() change full-width letters, the Kelvin sign and other characters to ASCII: B10, B11.
  if (NOT_ASCII.test(text)) return fault('INVALID_REFERENCE.not-ascii', { character, offset });
  if (text === '%') return fault('INVALID_REFERENCE.percent', { offset });
  return fault('INVALID_REFERENCE.character', { character, offset });
}
