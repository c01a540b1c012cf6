/** Stable codes of a pattern that a policy may not have. docs/errors.md lists them with their remedies. */
export type ImagePatternErrorCode =
  | 'PATTERN_EMPTY'
  | 'PATTERN_TOO_LONG'
  | 'PATTERN_CHARACTER'
  | 'PATTERN_UPPER_CASE'
  | 'PATTERN_SCHEME'
  | 'PATTERN_TAG_OR_DIGEST'
  | 'PATTERN_GLOB'
  | 'PATTERN_TOO_MANY_WILDCARDS'
  | 'PATTERN_REGISTRY_MISSING'
  | 'PATTERN_REGISTRY_INVALID'
  | 'PATTERN_REGISTRY_TOO_BROAD'
  | 'PATTERN_REPOSITORY_MISSING'
  | 'PATTERN_REPOSITORY_INVALID'
  | 'PATTERN_MATCHES_NOTHING';

/** A pattern that is refused when a policy loads, because it is wrong or says other than its author may think. */
export class ImagePatternError extends Error {
  override readonly name = 'ImagePatternError';
  readonly code: ImagePatternErrorCode;
  /** What to write instead, a clause in the imperative such as `write docker.io/library/nginx`. */
  readonly hint: string;

  constructor(code: ImagePatternErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
