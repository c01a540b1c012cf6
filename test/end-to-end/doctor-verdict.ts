import type { FindingCode } from '../../src/diagnosis/finding.ts';
import type { DoctorAnswer } from './doctor-cluster.ts';

/** The codes of everything above a note, once each, in the order of the alphabet. */
export function aboveNotes(answer: Pick<DoctorAnswer, 'findings'> | undefined): readonly FindingCode[] {
  const codes = answer?.findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code) ?? [];
  return [...new Set(codes)].toSorted();
}
