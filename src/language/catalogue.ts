import { ENGLISH } from './english.ts';
import type { Phrase, PhraseKey, Shown } from './phrase.ts';

/** All sentences in one language. */
export interface Catalogue {
  /** Its language tag (BCP 47): `en`, `zh`. */
  readonly language: string;
  /** Renders a sentence with its gaps filled: one line, and as safe as the values of the gaps. Never throws. */
  readonly say: (phrase: Phrase) => Shown;
}

/** A text that is split at its gaps: one piece before each gap, and one after the last gap. */
interface Template {
  readonly pieces: readonly string[];
  readonly gaps: readonly string[];
}

/** Makes a catalogue. The texts are not checked: they must have the gaps of the English texts and no control characters. */
export function createCatalogue(language: string, texts: Readonly<Record<PhraseKey, string>>): Catalogue {
  const templates = new Map<PhraseKey, Template>(
    Object.entries(texts).map(([key, text]) => [key as PhraseKey, cutAtGaps(text)]),
  );
  const say = ({ key, values }: Phrase): Shown => {
    const template = templates.get(key);
    return (template === undefined ? key : fill(template, values, say)) as Shown;
  };
  return { language, say };
}

/** The catalogue for a gate without a language. */
export const ENGLISH_CATALOGUE = createCatalogue('en', ENGLISH);

/** Renders a sentence in English: for logs, and for problems of a policy or a command line. */
export const inEnglish = ENGLISH_CATALOGUE.say;

/** The names of the gaps of a text, in their order. */
export function gapsOf(text: string): readonly string[] {
  return cutAtGaps(text).gaps;
}

/** A `{` without `}` and a `}` without `{` are text. */
function cutAtGaps(text: string): Template {
  const pieces: string[] = [];
  const gaps: string[] = [];
  let start = 0;
  for (const { index, 0: gap } of text.matchAll(/\{[^{}]*\}/g)) {
    pieces.push(text.slice(start, index));
    gaps.push(gap.slice(1, -1));
    start = index + gap.length;
  }
  return { pieces: [...pieces, text.slice(start)], gaps };
}

/** One pass over the template. The value of a gap is not searched for gaps, so `{tag}` in it is text. */
function fill({ pieces, gaps }: Template, values: Phrase['values'], say: Catalogue['say']): string {
  let text = pieces[0] ?? '';
  for (let index = 0; index < gaps.length; index += 1) {
    const value = values[gaps[index] ?? ''];
    text += typeof value === 'string' ? value : valueText(value, say);
    text += pieces[index + 1];
  }
  return text;
}

function valueText(value: Phrase | number | undefined, say: Catalogue['say']): string {
  if (value === undefined) return '';
  return typeof value === 'number' ? String(value) : say(value);
}
