import type { AcceptedResult } from './identity.ts';
import type { FileResult } from './result.ts';
import type { Totals } from './totals.ts';

/** Renders results file by file, so that the caller can write each text at once. */
export interface Output {
  /** The text for one file; `''` if there is nothing to say about it. */
  readonly ofFile: (result: FileResult) => string;
  /** The text behind the last file. `gone` are accepted results that no longer occur; `undefined` without a baseline. */
  readonly atEnd: (totals: Totals, gone?: readonly AcceptedResult[]) => string;
}
