import { escapeUnits } from '../language/one-line.ts';
import type { Shown } from '../language/phrase.ts';
import { NAME_MAX } from './grammar.ts';

/** Maximum number of characters of a text from an object in a message. */
const QUOTED_CHARACTERS = 64;

// Characters that a terminal, a log or an HTTP header may interpret, and characters that only look like ASCII (CVE-2021-25743, K01, K02).
const UNPRINTABLE = /[^\x20-\x7e]/;

/**
 * Text from an object, made safe for a message: at most `limit` characters, each either printable ASCII or an escape
 * (`\uXXXX`).
 */
export function quote(text: string, limit = QUOTED_CHARACTERS): Shown {
  if (text.length <= limit && !UNPRINTABLE.test(text)) return text as Shown;
  const shown = text.slice(0, limit).replace(new RegExp(UNPRINTABLE, 'g'), escapeUnits);
  return (text.length > limit ? `${shown}...` : shown) as Shown;
}

/** Registry and repository of an image, for a message. */
export function imageName({
  registry,
  repository,
}: {
  readonly registry: string;
  readonly repository: string;
}): Shown {
  return quote(`${registry}/${repository}`, NAME_MAX);
}
