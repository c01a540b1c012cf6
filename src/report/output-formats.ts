import type { Say } from '../admission/fit.ts';
import { renderJson } from './json-output.ts';
import type { Output } from './output.ts';
import { renderTable } from './table-output.ts';

/** The forms of the results. */
export type OutputFormat = 'table' | 'json';

const OUTPUTS: Readonly<Record<OutputFormat, (say: Say) => Output>> = {
  table: renderTable,
  json: renderJson,
};

/** Begins an output. */
export function createOutput(format: OutputFormat, say: Say): Output {
  return OUTPUTS[format](say);
}
