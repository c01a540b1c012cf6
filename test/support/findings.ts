// One test per finding: a healthy input, one change, and the exact codes that doctor reports.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Finding, FindingCode } from '../../src/diagnosis/finding.ts';

/** A test that `examine` reports exactly these codes, notes included, each once. */
export function reports(
  codes: readonly FindingCode[],
  cause: string,
  examine: () => Promise<readonly Finding[]>,
): void {
  void it(`${cause} is ${codes.length === 0 ? 'no finding' : `reported as ${codes.join(', ')}`}`, async () => {
    const findings = await examine();
    const found = [...new Set(findings.map(({ code }) => code))];
    assert.deepEqual(found.toSorted(), codes.toSorted(), findings.map(describeFinding).join('\n'));
  });
}

function describeFinding({ code, subject, what }: Finding): string {
  return `${code}: ${subject}: ${what}`;
}
