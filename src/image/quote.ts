import { escapeUnits } from '../language/one-line.ts';
import type { Shown } from '../language/phrase.ts';
import { NAME_MAX } from './grammar.ts';

/** Longest piece of somebody else's text that a message repeats, in characters. */
const QUOTED_CHARACTERS = 64;

// What a terminal, a log or an HTTP header may act on, and what merely looks like ASCII (CVE-2021-25743, K01, K02).
const UNPRINTABLE = /[^\x20-\x7e]/;

/**
 * Text from an object, safe to repeat in a message: printable ASCII as it is, everything else as `\uXXXX`,
 * cut to `limit` characters.
 */
export function quote(text: string, limit = QUOTED_CHARACTERS): Shown {
  if (text.length <= limit && !UNPRINTABLE.test(text)) return text as Shown;
  const shown = text.slice(0, limit).replace(new RegExp(UNPRINTABLE, 'g'), escapeUnits);
  return (text.length > limit ? `${shown}...` : shown) as Shown;
}

/** Registry and repository of an image, as a message names it. */
export function imageName({
  registry,
  repository,
}: {
  readonly registry: string;
  readonly repository: string;
}): Shown {
  return quote(`${registry}/${repository}`, NAME_MAX);
}
