import { oneLine } from '../language/one-line.ts';

// East Asian Wide and Fullwidth (UAX #11), as far as our own catalogues and their like need it.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g;

/** A text that takes so many columns of a terminal at least. */
export function padColumns(text: string, columns: number): string {
  const taken = text.replace(WIDE, '  ').length;
  return text + ' '.repeat(Math.max(0, columns - taken));
}

/**
 * Lines that a terminal may be shown, whoever wrote what stands in them, as in a pull request (CVE-2021-25743). JSON
 * stays the same document: its strings spell the characters out.
 */
export function fitForTerminal(text: string): string {
  return text.split('\n').map(oneLine).join('\n');
}
