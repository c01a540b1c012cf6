import { type Finding, isHealthy } from '../../diagnosis/finding.ts';
import { oneLine } from '../../language/one-line.ts';

/** What doctor found, wherever it looked. */
export interface DoctorReport {
  /** What was looked at. */
  readonly subjects: readonly string[];
  /** A bad pod was refused; `undefined` when none was tried. */
  readonly enforcing: boolean | undefined;
  /** What was shown to be so. */
  readonly proofs: readonly string[];
  readonly findings: readonly Finding[];
}

/** A report for people, or for programs. */
export function renderReport(report: DoctorReport, output: 'table' | 'json'): string {
  return output === 'json' ? renderJson(report) : renderTable(report);
}

function renderJson({ subjects, enforcing, proofs, findings }: DoctorReport): string {
  const healthy = isHealthy(findings);
  return `${JSON.stringify({ healthy, enforcing: enforcing ?? null, subjects, proofs, findings }, null, 2)}\n`;
}

function renderTable(report: DoctorReport): string {
  const blocks = report.findings.map(renderFinding);
  return [...blocks, renderSummary(report)].join('\n');
}

function renderFinding({ code, severity, subject, what, why, remedy }: Finding): string {
  const lines = [
    `${severity.padEnd(8)} ${subject}`,
    `         ${what} [${code}]`,
    `         ${why}`,
    `         → ${remedy}`,
  ];
  // What others have written, into a configuration or an answer, must not act on a terminal.
  return `${lines.map(oneLine).join('\n')}\n`;
}

function renderSummary(report: DoctorReport): string {
  const { subjects, proofs, findings } = report;
  const counts = (['fault', 'warning', 'note'] as const).map((severity) => {
    const number = findings.filter((one) => one.severity === severity).length;
    return `${number} ${severity}${number === 1 ? '' : 's'}`;
  });
  const proven = proofs.map((proof) => `  ${oneLine(proof)}\n`).join('');
  return `${subjects.join(', ')}: ${verdictOf(report)} (${counts.join(', ')})\n${proven}`;
}

/** Nothing is called enforcing that was not seen to be. */
function verdictOf({ enforcing, findings }: DoctorReport): string {
  if (findings.some(({ severity }) => severity === 'fault')) return 'not well';
  if (enforcing === true) return 'enforcing';
  // On purpose, at the stages below deny.
  return findings.some(({ code }) => code === 'BELOW_DENY')
    ? 'telling, not enforcing'
    : 'nothing is known to be enforced';
}
