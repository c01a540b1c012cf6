import { type Fault, invalid, quoted } from './fault.ts';

const FOREIGN = /[^A-Za-z0-9._:/@[\]+-]/;
const SCHEME = /^[A-Za-z0-9+.-]*:\/\//;
const WHITE_SPACE = /[\t\n\v\f\r ]/;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;
const NOT_ASCII = /[\u0080-\uffff]/;

/**
 * What is wrong with a text as a whole: a character that no reference has, a scheme, user-info. Asked for the
 * better reason once a part was refused; it refuses nothing that the grammar reads.
 */
export function textFault(text: string): Fault | undefined {
  if (text === '') return invalid('the reference is empty', 'name an image');
  const offset = text.search(FOREIGN);
  if (offset !== -1) return foreignFault(text.charAt(offset), offset);
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme !== undefined) {
    return invalid(`the reference begins with the scheme ${quoted(scheme)}`, 'write it without a scheme');
  }
  const at = text.indexOf('@');
  if (at !== -1 && text.includes('/', at)) {
    // In a URL the host of "a@b/c" is b.
    return invalid('"@" stands before a "/", as after the user of a URL', 'write "@" only before a digest');
  }
  return undefined;
}

function foreignFault(character: string, offset: number): Fault {
  const place = `at offset ${offset}`;
  if (WHITE_SPACE.test(character)) {
    return invalid(`white space (${quoted(character)}) stands ${place}`, 'remove the white space');
  }
  if (CONTROL.test(character)) {
    return invalid(`the control character ${quoted(character)} stands ${place}`, 'remove the character');
  }
  if (NOT_ASCII.test(character)) {
    // URL and toLowerCase() turn full-width letters, the Kelvin sign and others into ASCII: B10, B11.
    return invalid(`the non-ASCII character ${quoted(character)} stands ${place}`, 'write it in ASCII only');
  }
  if (character === '%') {
    return invalid(`a percent sign stands ${place}`, 'write no percent-encoding and no IPv6 zone');
  }
  return invalid(
    `the character ${quoted(character)} stands ${place}`,
    'use letters, digits and "._-/:@" only',
  );
}
