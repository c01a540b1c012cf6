/** A parameter that says something else than it seems to; the loader adds file, line and column. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
  /** Path below the check's own key. */
  readonly path: readonly (string | number)[];
  readonly hint: string;

  constructor(path: readonly (string | number)[], message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
    this.hint = hint;
  }
}
