import type { Path } from '../document/json.ts';
import type { Region } from '../document/text-document.ts';
import type { ImageUse } from '../image/use.ts';
import type { Phrase } from '../language/phrase.ts';
import { failureReason, type Decision, type FailureCode, type Violation } from '../policy/decision.ts';
import type { Review } from '../policy/review.ts';

// Each type of this file is plain data, so that a thread can send a result to another thread.

/** A part of a file. */
export interface Place extends Region {
  /** The path as the caller wrote it, or as a folder has it; `stdin` for standard input. */
  readonly file: string;
}

/** A violation, and where it is. */
export interface PlacedViolation extends Violation {
  /** `undefined` if the object comes from a cluster and not from a file. */
  readonly place: Place | undefined;
  /** Whether the baseline accepts it, so that it fails nothing. @default false */
  readonly isAccepted?: boolean;
}

/** Something that the user should know, and that refuses nothing. */
export interface Note {
  /** A stable code, such as `PLACEHOLDER`. */
  readonly code: string;
  readonly place: Place | undefined;
  /** The image that the note is about; `undefined` for a note about an object or a file. */
  readonly use: ImageUse | undefined;
  readonly text: Phrase;
}

/** The verdict about one object, with all reasons. */
export interface ObjectResult {
  /** Where the object begins; `undefined` if it comes from a cluster. */
  readonly place: Place | undefined;
  readonly apiVersion: string;
  readonly kind: string;
  /** `''` if it has no name. It has the text of the object and is not escaped, like {@link namespace}. */
  readonly name: string;
  /** The namespace that the policy judged by; `''` for an object outside of all namespaces, `undefined` if unknown. */
  readonly namespace: string | undefined;
  /** Kind and name for people, such as `Deployment web`. It is escaped. */
  readonly title: string;
  readonly verdict: 'admitted' | 'refused';
  /** Each image, in the order of the object. */
  readonly images: readonly ImageUse[];
  readonly violations: readonly PlacedViolation[];
  readonly notes: readonly Note[];
  /** Why there is no decision; the object is refused then. */
  readonly failure: { readonly code: FailureCode; readonly reason: Phrase } | undefined;
  /** False if the kind is unknown although the object has fields that look like images. */
  readonly isUnderstood: boolean;
}

/** A file, or a part of a file, that was not judged, because it cannot be read. Objects beside the part are judged. */
export interface UnreadPart {
  readonly file: string;
  /** Where the problem is; `undefined` if the whole file cannot be read. */
  readonly region: Region | undefined;
  /** The code of the error, as docs/errors.md lists it. */
  readonly code: string;
  /** What is wrong and what to do, without the place. */
  readonly sentence: string;
}

/** What one file has. A file without results is reported too, because it counts. */
export interface FileResult {
  /** The path as in {@link Place}. */
  readonly file: string;
  /** How many objects of the file were judged. */
  readonly judged: number;
  /** How many images these objects have. */
  readonly images: number;
  /** The results in the order of the file. Objects without violations and notes may be left out for some outputs. */
  readonly objects: readonly ObjectResult[];
  /** Notes about the file as a whole, such as: it is a template. */
  readonly notes: readonly Note[];
  /** In the order of the file. */
  readonly unread: readonly UnreadPart[];
}

/** The object that a decision is about. */
interface DecidedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly review: Pick<Review, 'object' | 'namespace'>;
  readonly decision: Decision;
  /** Returns the place of a field; the empty path means the object. Without it, the object is not in a file. */
  readonly locate?: (path: Path) => Place;
  /** Notes beside those of the decision, with their fields. */
  readonly remarks?: readonly Remark[];
  /** @default true */
  readonly isUnderstood?: boolean;
}

/** A note about a field; the empty path means the object. */
interface Remark extends Pick<Note, 'code' | 'text'> {
  readonly path: Path;
}

/** The result of a decision. */
export function resultOf(object: DecidedObject): ObjectResult {
  const { apiVersion, kind, name, review, decision, locate, remarks = [], isUnderstood = true } = object;
  const placeOf = (use: ImageUse | undefined, path: Path = []): Place | undefined =>
    locate?.(use?.location?.path ?? path);
  return {
    place: locate?.([]),
    apiVersion,
    kind,
    name,
    namespace: review.namespace,
    title: review.object ?? kind,
    verdict: decision.outcome === 'admitted' ? 'admitted' : 'refused',
    images: decision.uses.map(({ use }) => use),
    violations: decision.violations.map((violation) => ({
      ...violation,
      place: placeOf(violation.use, violation.path),
    })),
    notes: [
      ...decision.notices
        .filter(({ code }) => code !== 'UNKNOWN_KIND')
        .map(({ code, use, text }): Note => ({ code, use, text, place: placeOf(use) })),
      ...remarks.map(({ code, path, text }): Note => ({ code, use: undefined, text, place: locate?.(path) })),
    ],
    failure:
      decision.outcome === 'failed'
        ? { code: decision.code, reason: failureReason(decision.code) }
        : undefined,
    isUnderstood,
  };
}
