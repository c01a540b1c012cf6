import { isObject } from '../document/json.ts';
import { renderPolicySchema } from '../policy/schema.ts';

/** Longest text of a policy in a message, in characters. */
const QUOTED_MAX = 64;

const QUOTED = /"((?:[^"\\]|\\.)*)"/g;

/** Shortens what a sentence quotes. The policy may hold a key or a token where a name belongs. */
export function shortenQuotes(sentence: string): string {
  return sentence.replaceAll(QUOTED, (quoted, text: string) =>
    text.length <= QUOTED_MAX ? quoted : `"${text.slice(0, QUOTED_MAX)}..."`,
  );
}

/**
 * A sentence of the reader of documents, `what (hint)`, without what it quotes of the text, because a text that cannot be
 * read may be a key or a token. Words of the schema of policies and punctuation stay.
 */
export function hideContent(sentence: string): string {
  const hintAt = sentence.lastIndexOf(' (');
  const [what, hint] = hintAt < 0 ? [sentence, ''] : [sentence.slice(0, hintAt), sentence.slice(hintAt)];
  const known = wordsOf(renderPolicySchema());
  const hidden = what.replaceAll(QUOTED, (quoted, text: string) =>
    known.has(text) || /^\W{0,3}$/.test(text) ? quoted : '(a text)',
  );
  // The library of YAML quotes the text behind a colon.
  return `${hidden.replace(/:\s.*$/s, '')}${hint}`;
}

/** All keys of the maps that a JSON Schema describes. */
function wordsOf(schema: unknown, words = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(schema)) for (const item of schema) wordsOf(item, words);
  if (!isObject(schema)) return words;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties' && isObject(value)) for (const name of Object.keys(value)) words.add(name);
    wordsOf(value, words);
  }
  return words;
}
