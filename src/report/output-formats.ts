import type { Say } from '../admission/fit.ts';
import { createGithub } from './github-output.ts';
import { createJson, createNdjson } from './json-output.ts';
import { createJunit } from './junit-output.ts';
import type { Output } from './output.ts';
import type { PlacedViolation } from './result.ts';
import { createSarif } from './sarif-output.ts';
import { createTable, type TableStyle } from './table-output.ts';

/** The forms of the results. */
export const OUTPUT_FORMATS = ['table', 'json', 'ndjson', 'junit', 'sarif', 'github'] as const;

export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** The formats that show each object. The others show only objects with something to report. */
export const FORMATS_OF_EVERY_OBJECT: ReadonlySet<OutputFormat> = new Set(['json', 'ndjson', 'junit']);

interface OutputOptions {
  readonly say: Say;
  /** How the table looks. @default for a file */
  readonly style?: TableStyle;
  /** The version of this program. */
  readonly version: string;
  /** Whether a violation makes the command fail. */
  readonly isFailing: (violation: PlacedViolation) => boolean;
}

const OUTPUTS: Readonly<Record<OutputFormat, (options: OutputOptions) => Output>> = {
  table: ({ say, style }) => createTable(say, style),
  json: ({ say }) => createJson(say),
  ndjson: ({ say }) => createNdjson(say),
  junit: ({ say, isFailing }) => createJunit(say, isFailing),
  sarif: ({ say, version }) => createSarif(say, version),
  github: ({ say }) => createGithub(say),
};

/** Begins an output. */
export function createOutput(format: OutputFormat, options: OutputOptions): Output {
  return OUTPUTS[format](options);
}
