import { styleText } from 'node:util';
import type { Say } from '../admission/fit.ts';
import { oneLine } from '../language/one-line.ts';
import { phrase } from '../language/phrase.ts';
import { inert, padColumns } from '../language/terminal.ts';
import type { AcceptedResult } from './identity.ts';
import type { Output } from './output.ts';
import type { Place } from './result.ts';
import { entriesOf, entryOfNote, ENTRY_WORDS, type Entry } from './sentence.ts';
import type { Totals } from './totals.ts';

/** How a table looks. `groups` is for a terminal: the entries of a file below its name. */
export interface TableStyle {
  readonly groups: boolean;
  readonly colours: boolean;
}

const PLAIN: TableStyle = { groups: false, colours: false };

/** Two lines for each violation and note, and a summary. */
export function createTable(say: Say, style: TableStyle = PLAIN): Output {
  return {
    ofFile({ file, notes, objects }) {
      const entries = [
        ...notes.map((note) => entryOfNote(note, '', say)),
        ...objects.flatMap((object) => entriesOf(object, say)),
      ].filter(({ violation }) => violation?.isAccepted !== true);
      if (!style.groups) return entries.map((entry) => renderEntry(entry, file, say)).join('');
      const lines = entries.map((entry) => renderGrouped(entry, say, style));
      return lines.length === 0 ? '' : `${paint('bold', inert(file), style)}\n${lines.join('')}\n`;
    },
    atEnd: (totals) => `${renderSummary(totals, say)}\n`,
  };
}

const COLOURS = { refused: 'red', warned: 'yellow', audited: 'cyan', note: 'dim' } as const;

/** Like {@link renderEntry}, without the file. Colours come last, because they are control characters. */
function renderGrouped({ kind, place, title, sentence }: Entry, say: Say, style: TableStyle): string {
  const word = paint(COLOURS[kind], padColumns(say(phrase(ENTRY_WORDS[kind])), 8), style);
  const where = place === undefined ? '' : `${place.line}:${place.column}`;
  return `  ${where.padEnd(7)} ${word} ${inert(title)}\n${' '.repeat(19)}${inert(sentence)}\n`;
}

function paint(
  format: 'bold' | (typeof COLOURS)[keyof typeof COLOURS],
  text: string,
  { colours }: TableStyle,
): string {
  return colours ? styleText(format, text, { validateStream: false }) : text;
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

function renderSummary({ objects, images, refused, accepted, notUnderstood }: Totals, say: Say): string {
  const count = (number: number, noun: 'object' | 'image') =>
    phrase(number === 1 ? `check.${noun}` : `check.${noun}s`, { count: number });
  const values = { objects: count(objects, 'object'), images: count(images, 'image'), refused };
  const summary =
    notUnderstood === 0
      ? phrase('check.summary', values)
      : phrase('check.summary-not-understood', { ...values, notUnderstood });
  return say(accepted === 0 ? summary : phrase('check.accepted', { summary, accepted }));
}

/** Largest number of accepted results in the list of those that no longer occur. */
const MAX_GONE = 20;

/** The accepted results that no longer occur, one line each, for people. */
export function renderGone(gone: readonly AcceptedResult[]): readonly string[] {
  const lines = gone.slice(0, MAX_GONE).map(({ file, object, container, rule, image, count }) => {
    const parts = [
      object,
      ...(container === undefined ? [] : [`container ${container}`]),
      ...(image === undefined ? [] : [`image ${image}`]),
      `rule ${rule}`,
      ...(count === 1 ? [] : [`${count} times`]),
    ];
    return inert(`${file}: a result of the baseline no longer occurs: ${parts.join(', ')}`);
  });
  const more = gone.length - MAX_GONE;
  return more > 0 ? [...lines, `and ${more} more results of the baseline no longer occur`] : lines;
}
