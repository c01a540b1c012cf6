import type { Say } from '../admission/fit.ts';
import { inert } from '../language/terminal.ts';
import type { Output } from './output.ts';
import type { FileResult, Place, UnreadPart } from './result.ts';
import { entriesOf, entryOfNote, type Entry } from './sentence.ts';
import { createTable } from './table-output.ts';

type Level = 'error' | 'warning' | 'notice';

/** GitHub shows this number of annotations of each level in a step, and leaves out the others. */
const SHOWN = 10;

const LEVELS = { refused: 'error', warned: 'warning', audited: 'notice', note: 'notice' } as const;

interface Annotation {
  readonly level: Level;
  readonly text: string;
}

/**
 * The table, and behind each file the workflow commands by which GitHub Actions annotates the changes of a pull request.
 * The last annotation of a level that GitHub shows counts the others, if there are more.
 * @see https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
 */
export function createGithub(say: Say): Output {
  const table = createTable(say);
  const levels: Readonly<Record<Level, LevelCount>> = {
    error: new LevelCount('error'),
    warning: new LevelCount('warning'),
    notice: new LevelCount('notice'),
  };
  return {
    ofFile: (file) =>
      table.ofFile(file) +
      annotationsOf(file, say)
        .map((annotation) => levels[annotation.level].add(annotation.text))
        .join(''),
    atEnd: (totals) =>
      Object.values(levels)
        .map((level) => level.end())
        .join('') + table.atEnd(totals),
  };
}

/** Counts the annotations of one level. The last one is kept until the end. */
class LevelCount {
  #count = 0;
  #last = '';
  readonly #level: Level;

  constructor(level: Level) {
    this.#level = level;
  }

  add(text: string): string {
    this.#count += 1;
    if (this.#count < SHOWN) return text;
    if (this.#count === SHOWN) this.#last = text;
    return '';
  }

  end(): string {
    const more = this.#count - SHOWN + 1;
    if (more <= 1) return this.#last;
    return command(
      this.#level,
      { title: 'kube-image-bouncer' },
      `and ${more} more: see the log of this step`,
    );
  }
}

function annotationsOf({ file, objects, notes, unread }: FileResult, say: Say): Annotation[] {
  const entries = [
    ...notes.map((note) => entryOfNote(note, '', say)),
    ...objects.flatMap((object) => entriesOf(object, say)),
  ].filter(({ violation }) => violation?.isAccepted !== true);
  return [...entries.map((entry) => annotationOf(entry, file)), ...unread.map(annotationOfUnread)];
}

function annotationOf({ kind, title, place, sentence }: Entry, file: string): Annotation {
  const level = LEVELS[kind];
  const properties = { ...propertiesOf(file, place), ...(title !== '' && { title }) };
  return { level, text: command(level, properties, sentence) };
}

function annotationOfUnread({ file, region, code, sentence }: UnreadPart): Annotation {
  const properties = { ...propertiesOf(file, region), title: code };
  return { level: 'error', text: command('error', properties, sentence) };
}

/** GitHub accepts columns only if the place is in one line. */
function propertiesOf(file: string, place: Omit<Place, 'file'> | undefined): Record<string, string | number> {
  if (place === undefined) return { file };
  const { line, endLine, column, endColumn } = place;
  return { file, line, endLine, ...(line === endLine && { col: column, endColumn }) };
}

function command(level: Level, properties: Readonly<Record<string, string | number>>, text: string): string {
  const pairs = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${level} ${pairs.join(',')}::${escapeData(text)}\n`;
}

function escapeData(text: string): string {
  return inert(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
