import type { Path } from '../document/json.ts';
import type { Phrase } from '../language/phrase.ts';

/**
 * What the user should know about an object or a document, though it refuses nothing: `UNKNOWN_KIND` an object of an
 * unknown kind has fields that look like images; `PART_NOT_READ` an object has a part in which no image is looked for;
 * `RENDER_FIRST` another tool makes the objects.
 */
export interface ReviewNote {
  readonly code: 'UNKNOWN_KIND' | 'PART_NOT_READ' | 'RENDER_FIRST';
  /** The field, from the root of the object; `[]` is the object itself. */
  readonly path: Path;
  readonly text: Phrase;
}
