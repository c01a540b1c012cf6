import { ENGLISH } from './english.ts';
import type { GapValue, Phrase, PhraseKey, Shown } from './phrase.ts';

/** All sentences in one language. */
export interface Catalogue {
  /** The language tag (BCP 47) that chose it: `en`, `zh`. */
  readonly language: string;
  /** The sentence with its gaps filled: one line, as safe to repeat as what stands in the gaps. Never throws. */
  readonly say: (phrase: Phrase) => Shown;
}

/** A text, cut at its gaps: what stands before the first, then each gap with what stands behind it. */
interface Template {
  readonly begin: string;
  readonly gaps: readonly { readonly name: string; readonly text: string }[];
}

/** Makes a catalogue of texts that are trusted: without control characters, their gaps those of the English ones. */
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

/** What everybody hears who asks for nothing else. */
export const ENGLISH_CATALOGUE = createCatalogue('en', ENGLISH);

/** The English sentence: for logs, and for people who wrote a policy or a command line. */
export const inEnglish = ENGLISH_CATALOGUE.say;

/** The names of the gaps of a text, in their order. */
export function gapsOf(text: string): string[] {
  return cutAtGaps(text).gaps.map(({ name }) => name);
}

/** `{` without `}` is text, and so is `}` without `{`. */
function cutAtGaps(text: string): Template {
  const [begin = '', ...pieces] = text.split('{');
  const gaps: { name: string; text: string }[] = [];
  let first = begin;
  for (const piece of pieces) {
    const end = piece.indexOf('}');
    const last = gaps.at(-1);
    if (end !== -1) gaps.push({ name: piece.slice(0, end), text: piece.slice(end + 1) });
    else if (last === undefined) first += `{${piece}`;
    else last.text += `{${piece}`;
  }
  return { begin: first, gaps };
}

/** One pass over the template; what stands in a gap is never looked at again, so that `{tag}` in it is text. */
function fill(template: Template, values: Phrase['values'], say: Catalogue['say']): string {
  let said = template.begin;
  for (const { name, text } of template.gaps) said += valueText(values[name], say) + text;
  return said;
}

function valueText(value: GapValue | undefined, say: Catalogue['say']): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  return typeof value === 'number' ? String(value) : say(value);
}
