import type { Say } from '../admission/fit.ts';
import { renderFailure } from '../admission/message.ts';
import { renderCause, renderNotice } from '../admission/sentence.ts';
import { quote } from '../image/quote.ts';
import type { PhraseKey, Shown } from '../language/phrase.ts';
import type { Note, ObjectResult, PlacedViolation, Place, UnreadPart } from './result.ts';

/** What a report says at one place. */
export interface Entry {
  readonly kind: 'refused' | 'warned' | 'audited' | 'note';
  readonly code: string;
  /** Name of the rule; `undefined` if the gate itself objects, and for notes. */
  readonly rule: Shown | undefined;
  readonly place: Place | undefined;
  /** What it is about: the object, or `''` for a note about a file. */
  readonly title: string;
  readonly sentence: Shown;
  /** The violation, if it is one. */
  readonly violation?: PlacedViolation;
}

/** The word for a kind of entry. */
export const ENTRY_WORDS = {
  refused: 'check.refused',
  warned: 'check.warned',
  audited: 'check.audited',
  note: 'check.note',
} as const satisfies Record<Entry['kind'], PhraseKey>;

/** What there is to say about an object: its violations, why there is no decision, and its notes. */
export function entriesOf(object: ObjectResult, say: Say): Entry[] {
  const { violations, notes, title } = object;
  return [
    ...violations.map((violation) => entryOfViolation(violation, title, say)),
    ...entriesOfFailure(object, say),
    ...notes.map((note) => entryOfNote(note, title, say)),
  ];
}

function entryOfViolation(violation: PlacedViolation, title: string, say: Say): Entry {
  const { actions, code, rule, place } = violation;
  const kind = actions.includes('Deny') ? 'refused' : actions.includes('Warn') ? 'warned' : 'audited';
  const sentence = renderCause([violation], say);
  return {
    kind,
    code,
    rule: rule === undefined ? undefined : quote(rule),
    place,
    title,
    sentence,
    violation,
  };
}

function entriesOfFailure({ failure, place, title }: ObjectResult, say: Say): Entry[] {
  if (failure === undefined) return [];
  const { code, reason } = failure;
  const sentence = renderFailure(code, reason, say);
  return [{ kind: 'refused', code, rule: undefined, place, title, sentence }];
}

/** A note as an entry. */
export function entryOfNote(note: Note, title: string, say: Say): Entry {
  const { code, place } = note;
  return { kind: 'note', code, rule: undefined, place, title, sentence: renderNotice(note, say) };
}

/** `file:line:column: sentence`, or without a position if the whole file cannot be read. */
export function renderUnread({ file, region, sentence }: UnreadPart): string {
  return `${file}${region === undefined ? '' : `:${region.line}:${region.column}`}: ${sentence}`;
}
