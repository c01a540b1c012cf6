/** Contract: see the room's owner. */
export interface ImageReference {
  readonly kind: 'image';
  /** The text as it was given. */
  readonly original: string;
  /** Host and optional port; `docker.io` when the text names none, or names `index.docker.io`. */
  readonly registry: string;
  /** Path below the registry; Docker Hub's official images stand under `library/`. */
  readonly repository: string;
  /** The tag as written; `undefined` when none was. */
  readonly tag: string | undefined;
  readonly digest: string | undefined;
  /** False when the registry was implied: the runtime would add it. */
  readonly fullyQualified: boolean;
}

export type ReferenceErrorCode = 'INVALID_REFERENCE' | 'AMBIGUOUS_REFERENCE' | 'UNSUPPORTED_DIGEST';

export interface InvalidReference {
  readonly kind: 'invalid';
  readonly original: string;
  readonly code: ReferenceErrorCode;
  readonly reason: string;
  readonly remedy: string;
}

export declare function parseImageReference(text: string): ImageReference | InvalidReference;
export declare function canonicalName(reference: ImageReference): string;
export declare function effectiveTag(reference: ImageReference): string | undefined;
