import type { Say } from '../admission/fit.ts';
import { renderFailure } from '../admission/message.ts';
import { renderCause, renderNotice } from '../admission/sentence.ts';
import type { PhraseKey, Shown } from '../language/phrase.ts';
import type { Note, ObjectResult, PlacedViolation, Place } from './result.ts';

/** One line of a report about an object or a file. */
export interface Entry {
  readonly kind: 'refused' | 'warned' | 'audited' | 'note';
  readonly place: Place | undefined;
  /** What it is about: the object, or `''` for a note about a file. */
  readonly title: string;
  readonly sentence: Shown;
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
  const { violations, notes, failure, title, place } = object;
  const failures: Entry[] =
    failure === undefined
      ? []
      : [{ kind: 'refused', place, title, sentence: renderFailure(failure.code, failure.reason, say) }];
  return [
    ...violations.map((violation): Entry => ({
      kind: kindOf(violation),
      place: violation.place,
      title,
      sentence: renderCause([violation], say),
    })),
    ...failures,
    ...notes.map((note) => entryOfNote(note, title, say)),
  ];
}

/** A note as an entry. */
export function entryOfNote(note: Note, title: string, say: Say): Entry {
  return { kind: 'note', place: note.place, title, sentence: renderNotice(note, say) };
}

/** The strongest action of a violation. */
function kindOf({ actions }: PlacedViolation): 'refused' | 'warned' | 'audited' {
  if (actions.includes('Deny')) return 'refused';
  return actions.includes('Warn') ? 'warned' : 'audited';
}
