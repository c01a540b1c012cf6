import type { Objection } from '../language/objection.ts';

/** Stable codes of an object that is refused because of its form. docs/errors.md lists them with their remedies. */
export type SubjectErrorCode = 'MALFORMED_OBJECT' | 'UNSUPPORTED_KIND' | 'TOO_MANY_IMAGES';

/** An object of a kind that we cover and cannot read: refused (A03, A16). */
export interface Unreadable extends Objection<SubjectErrorCode> {
  readonly kind: 'unreadable';
  readonly field: string;
}
