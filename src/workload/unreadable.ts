import type { Phrase } from '../language/phrase.ts';

/** Stable codes of an object that is refused because of its form. docs/errors.md lists them with their remedies. */
export type SubjectErrorCode = 'MALFORMED_OBJECT' | 'UNSUPPORTED_KIND' | 'TOO_MANY_IMAGES';

/** An object of a kind that we cover and cannot read: refused (A03, A16). */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly code: SubjectErrorCode;
  readonly field: string;
  readonly reason: Phrase | string;
  readonly remedy: Phrase | string;
}
