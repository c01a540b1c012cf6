import type { Say } from '../admission/fit.ts';
import { oneLine } from '../language/one-line.ts';
import { phrase } from '../language/phrase.ts';
import { inert, padColumns } from '../language/terminal.ts';
import type { Output } from './output.ts';
import type { Place } from './result.ts';
import { entriesOf, entryOfNote, ENTRY_WORDS, type Entry } from './sentence.ts';
import type { Totals } from './totals.ts';

/** Two lines for each violation and note, and a summary. */
export function createTable(say: Say): Output {
  return {
    ofFile: ({ file, notes, objects }) =>
      [
        ...notes.map((note) => entryOfNote(note, '', say)),
        ...objects.flatMap((object) => entriesOf(object, say)),
      ]
        .filter(({ violation }) => violation?.isAccepted !== true)
        .map((entry) => renderEntry(entry, file, say))
        .join(''),
    atEnd: (totals) => `${renderSummary(totals, say)}\n`,
  };
}

/**
 * Two lines: the first has verdict, position and object, the second has the reason. File names may contain control
 * characters, for example in pull requests.
 */
function renderEntry({ kind, place, title, sentence }: Entry, file: string, say: Say): string {
  const words = [padColumns(say(phrase(ENTRY_WORDS[kind])), 8), oneLine(renderPlace(place, file))];
  return inert(`${words.join(' ')}${title === '' ? '' : `  ${title}`}\n         ${sentence}\n`);
}

/** `file:line:column` */
function renderPlace(place: Place | undefined, file: string): string {
  return place === undefined ? file : `${place.file}:${place.line}:${place.column}`;
}

function renderSummary({ objects, images, refused, notUnderstood }: Totals, say: Say): string {
  const count = (number: number, noun: 'object' | 'image') =>
    phrase(number === 1 ? `check.${noun}` : `check.${noun}s`, { count: number });
  const values = { objects: count(objects, 'object'), images: count(images, 'image'), refused };
  return say(
    notUnderstood === 0
      ? phrase('check.summary', values)
      : phrase('check.summary-not-understood', { ...values, notUnderstood }),
  );
}
