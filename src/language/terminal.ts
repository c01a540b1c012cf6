import { oneLine } from './one-line.ts';

// East Asian Wide and Fullwidth (UAX #11), as far as catalogues of messages need it.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g;

/** Pads a text with spaces to a number of terminal columns. A wide character takes two columns. */
export function padColumns(text: string, columns: number): string {
  const taken = text.replace(WIDE, '  ').length;
  return text + ' '.repeat(Math.max(0, columns - taken));
}

/**
 * Escapes control characters, which may come from a pull request (CVE-2021-25743), and keeps line breaks. JSON output
 * keeps its meaning, because JSON strings contain such characters only as escapes.
 */
export function fitForTerminal(text: string): string {
  return text.split('\n').map(oneLine).join('\n');
}

// GitHub Actions reads `::command::` at the start of a line and `##[command]` anywhere as commands, Azure Pipelines
// `##vso[…]`, and TeamCity `##teamcity[…]`.
const COMMAND_MARK = /#(?=#[a-z]*\[)/g;
const COMMAND_START = /^(\s*):(?=:)/gm;

/**
 * Like {@link fitForTerminal}, and escapes the marks by which a CI system finds commands in a log. JSON keeps its
 * meaning, because the escapes are those of JSON strings.
 */
export function inert(text: string): string {
  return fitForTerminal(text).replace(COMMAND_MARK, '\\u0023').replace(COMMAND_START, '$1\\u003a');
}
