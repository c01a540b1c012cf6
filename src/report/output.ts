import type { FileResult } from './result.ts';
import type { Totals } from './totals.ts';

/** Renders results file by file, so that the caller can write each text at once. */
export interface Output {
  /** The text for one file; `''` if there is nothing to say about it. */
  readonly ofFile: (result: FileResult) => string;
  /** The text behind the last file. */
  readonly atEnd: (totals: Totals) => string;
}
