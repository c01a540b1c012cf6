import { type Finding, isBelowDeny, isHealthy } from '../../diagnosis/finding.ts';
import { renderRemedy } from '../../diagnosis/remedy.ts';
import { oneLine } from '../../language/one-line.ts';

/** The results of one run of doctor: the cluster, the files of a node, or both. */
export interface DoctorReport {
  /** The API server with its version, and the manifest. */
  readonly subjects: readonly string[];
  /** Whether a bad pod was refused; `undefined` if no test pod was sent. */
  readonly enforcing: boolean | undefined;
  /** One sentence for each fact that a test pod has proven. */
  readonly proofs: readonly string[];
  readonly findings: readonly Finding[];
}

/** Renders a report as text for people (`table`), or as JSON for programs. */
export function renderReport(report: DoctorReport, output: 'table' | 'json'): string {
  return output === 'json' ? renderJson(report) : renderTable(report);
}

function renderJson({ subjects, enforcing, proofs, findings }: DoctorReport): string {
  const healthy = isHealthy(findings);
  const rendered = findings.map((one) => ({ ...one, remedy: renderRemedy(one.remedy) }));
  const document = { healthy, enforcing: enforcing ?? null, subjects, proofs, findings: rendered };
  return `${JSON.stringify(document, null, 2)}\n`;
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
    `         → ${renderRemedy(remedy)}`,
  ];
  // Text from configurations and answers must not control the terminal.
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

/** The verdict in a few words. It is `enforcing` only if a bad pod was refused. */
function verdictOf({ enforcing, findings }: DoctorReport): string {
  if (findings.some(({ severity }) => severity === 'fault')) return 'faulty';
  if (enforcing === true) return 'enforcing';
  return isBelowDeny(findings) ? 'reporting, not enforcing' : 'not known to be enforcing';
}
