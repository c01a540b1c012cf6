import assert from 'node:assert/strict';
import type { FindingCode } from '../../../src/diagnosis/finding.ts';
import type { DoctorAnswer } from './doctor-cluster.ts';
import { eventually } from './eventually.ts';

/** The codes of all findings above a note, each once, in alphabetical order. */
export function aboveNotes(answer: Pick<DoctorAnswer, 'findings'> | undefined): readonly FindingCode[] {
  const codes = answer?.findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code) ?? [];
  return [...new Set(codes)].toSorted();
}

/**
 * Runs doctor until it finds exactly these codes above a note. The API server applies a change some time after it was
 * stored, and does not report when.
 */
export async function untilFound(
  codes: readonly FindingCode[],
  doctor: () => Promise<DoctorAnswer>,
): Promise<DoctorAnswer> {
  const expected = codes.toSorted();
  let last: DoctorAnswer | undefined;
  try {
    return await eventually(
      `doctor finds ${expected.join(', ') || 'nothing'}`,
      async () => {
        last = await doctor();
        return JSON.stringify(aboveNotes(last)) === JSON.stringify(expected) ? last : undefined;
      },
      { timeoutMs: 8000 },
    );
  } catch (cause) {
    assert.deepEqual(aboveNotes(last), expected, JSON.stringify(last, null, 2));
    throw cause;
  }
}
