/** Longest text of a file in a message, in characters. */
const QUOTED_MAX = 64;

const QUOTED = /"((?:[^"\\]|\\.)*)"/g;

/** Shortens what a sentence quotes. A file may hold a key or a token where a name belongs. */
export function shortenQuotes(sentence: string): string {
  return sentence.replaceAll(QUOTED, (quoted, text: string) =>
    text.length <= QUOTED_MAX ? quoted : `"${text.slice(0, QUOTED_MAX)}..."`,
  );
}

/**
 * A sentence of a reader of YAML, `what (hint)`, without what it quotes of the text, because a text that cannot be read
 * may be a key or a token. Known words and punctuation stay.
 */
export function hideContent(sentence: string, known: ReadonlySet<string> = new Set()): string {
  const hintAt = sentence.lastIndexOf(' (');
  const [what, hint] = hintAt < 0 ? [sentence, ''] : [sentence.slice(0, hintAt), sentence.slice(hintAt)];
  const hidden = what.replaceAll(QUOTED, (quoted, text: string) =>
    known.has(text) || /^\W{0,3}$/.test(text) ? quoted : '(a text)',
  );
  // Libraries quote a tag between angle brackets, and other text behind a colon.
  return `${hidden.replaceAll(/<[^>]*>/g, '(a text)').replace(/:\s.*$/s, '')}${hint}`;
}
