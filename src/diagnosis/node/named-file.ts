import type { NamedFile, Opened } from '../../wiring/api-server-files.ts';
import { finding, type Finding, type FindingCode } from '../finding.ts';

/** A setting that names a file. */
interface FileSetting {
  /** Its name, such as `kubeConfigFile`. */
  readonly name: string;
  /** The path as it is written. */
  readonly written: string;
}

/** The codes for a file that does not exist, and for a file that cannot be read as the API server reads it. */
interface FileCodes {
  readonly missing: FindingCode;
  readonly unreadable: FindingCode;
}

/** A finding at the place of the setting, if the file that it names does not exist or cannot be used. */
export function examineNamedFile(
  { name, written }: FileSetting,
  { namedAt, opened }: NamedFile<unknown>,
  codes: FileCodes,
): readonly Finding[] {
  switch (opened.state) {
    case 'missing':
      return [finding(codes.missing, namedAt, `${name} names ${describeMissing(written, opened)}`)];
    case 'unreadable':
      return [examineProblem(codes.unreadable, opened)];
    case 'unseen':
    case 'read':
      return [];
  }
}

/** A file that cannot be read as its reader reads it: at the place that its problem begins with. */
export function examineProblem(
  code: FindingCode,
  { file, problem }: Extract<Opened<unknown>, { readonly state: 'unreadable' }>,
): Finding {
  const [place = '', sentence] = /^(\S*:\d+:\d+): ([^]*)$/.exec(problem)?.slice(1) ?? [];
  return place.startsWith(`${file}:`) && sentence !== undefined
    ? finding(code, place, sentence)
    : finding(code, file, problem);
}

/** A path that does not exist, in quotes, so that blanks and dots at its end are visible. */
export function describeMissing(
  written: string,
  { file, near }: Extract<Opened<unknown>, { readonly state: 'missing' }>,
): string {
  const where = file === written ? ', which' : `; on the node this is ${JSON.stringify(file)}, which`;
  const hint = near === undefined ? '' : `; there is ${JSON.stringify(near)} in that folder`;
  return `${JSON.stringify(written)}${where} does not exist${hint}`;
}
