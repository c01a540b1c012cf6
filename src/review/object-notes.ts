import type { Fields } from '../document/json.ts';
import { quote } from '../image/quote.ts';
import { renderPath, type ImageUse } from '../image/use.ts';
import { phrase } from '../language/phrase.ts';
import type { Decision } from '../policy/decision.ts';
import type { Policy } from '../policy/policy.ts';
import { findKind, groupOf, type KnownKind } from '../workload/kinds.ts';
import { findSkippedParts } from '../workload/skipped-parts.ts';
import { recogniseHelmText, recogniseObject } from './render-first.ts';
import type { ReviewNote } from './review-note.ts';
import { noteOfUnknownKind } from './unknown-kind.ts';

/** Maximum number of characters of a field in a note. */
const FIELD_CHARACTERS = 256;

/** An object of a file. */
interface NotedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: Fields;
  readonly file: string;
}

/** What the verdict about an object does not say. */
interface ObjectNotes {
  readonly notes: readonly ReviewNote[];
  /** False if the object has, or becomes, something with images that is not judged. */
  readonly isUnderstood: boolean;
}

const NOTHING: ObjectNotes = { notes: [], isUnderstood: true };

/** The notes about an object: fields and parts that were not judged, and the tool that renders it first. */
export function notesOfObject(
  { apiVersion, kind, object, file }: NotedObject,
  { notices, uses }: Pick<Decision, 'notices' | 'uses'>,
  { kinds }: Pick<Policy, 'kinds'>,
): ObjectNotes {
  const known = findKind(kinds, groupOf(apiVersion), kind);
  if (known !== undefined) {
    const notes = [...notesOfSkippedParts(known, object), ...noteOfTemplate([...notices, ...uses], file)];
    return { notes, isUnderstood: notes.length === 0 };
  }
  const command = recogniseObject(apiVersion, kind, file);
  const note: ReviewNote | undefined =
    command === undefined
      ? noteOfUnknownKind(apiVersion, kind, object)
      : { code: 'RENDER_FIRST', path: [], text: command };
  return note === undefined ? NOTHING : { notes: [note], isUnderstood: false };
}

function notesOfSkippedParts(known: KnownKind, object: Fields): ReviewNote[] {
  if (known.origin !== 'custom') return [];
  return findSkippedParts(known, object).map((path): ReviewNote => ({
    code: 'PART_NOT_READ',
    path,
    text: phrase('PART_NOT_READ.text', { field: quote(renderPath(path), FIELD_CHARACTERS) }),
  }));
}

/** A template whose text is YAML, because each action is in quotes. It is noted at the first image that has one. */
function noteOfTemplate(
  places: readonly { readonly use: ImageUse | undefined }[],
  file: string,
): ReviewNote[] {
  for (const { use } of places) {
    if (use?.image.includes('{{') !== true) continue;
    const text = recogniseHelmText(use.image, file);
    if (text !== undefined) return [{ code: 'RENDER_FIRST', path: use.location?.path ?? [], text }];
  }
  return [];
}
