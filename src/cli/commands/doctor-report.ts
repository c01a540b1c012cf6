import { type Finding, isHealthy } from '../../diagnosis/finding.ts';

/** What doctor found, wherever it looked. */
export interface Diagnosis {
  /** What was looked at. */
  readonly subjects: readonly string[];
  /** What was shown to be so. */
  readonly proofs: readonly string[];
  readonly findings: readonly Finding[];
}

/** A diagnosis for people, or for programs. */
export function renderDiagnosis(diagnosis: Diagnosis, output: 'table' | 'json'): string {
  return output === 'json' ? renderJson(diagnosis) : renderTable(diagnosis);
}

function renderJson({ subjects, proofs, findings }: Diagnosis): string {
  return `${JSON.stringify({ healthy: isHealthy(findings), subjects, proofs, findings }, null, 2)}\n`;
}

function renderTable(diagnosis: Diagnosis): string {
  const blocks = diagnosis.findings.map(renderFinding);
  return [...blocks, renderSummary(diagnosis)].join('\n');
}

function renderFinding({ code, severity, subject, what, why, remedy }: Finding): string {
  const lines = [
    `${severity.padEnd(8)} ${subject}`,
    `         ${what} [${code}]`,
    `         ${why}`,
    `         → ${remedy}`,
  ];
  return `${lines.join('\n')}\n`;
}

function renderSummary({ subjects, proofs, findings }: Diagnosis): string {
  const counts = (['fault', 'warning', 'note'] as const).map((severity) => {
    const number = findings.filter((one) => one.severity === severity).length;
    return `${number} ${severity}${number === 1 ? '' : 's'}`;
  });
  const verdict = isHealthy(findings) ? verdictOf(findings) : 'not well';
  const proven = proofs.map((proof) => `  ${proof}\n`).join('');
  return `${subjects.join(', ')}: ${verdict} (${counts.join(', ')})\n${proven}`;
}

/** Below deny nothing is enforced, on purpose. */
function verdictOf(findings: readonly Finding[]): string {
  return findings.some(({ code }) => code === 'BELOW_DENY') ? 'telling, not enforcing' : 'enforcing';
}
