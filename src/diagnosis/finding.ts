import { CERTIFICATE } from './catalogue/certificate.ts';
import { ENFORCEMENT } from './catalogue/enforcement.ts';
import type { FindingKind, Severity } from './catalogue/finding-kind.ts';
import { GATE } from './catalogue/gate.ts';
import { NODE } from './catalogue/node.ts';
import { WEBHOOK } from './catalogue/webhook.ts';

/** Everything that can be found; docs/doctor.md has a row for each. */
export const FINDING_KINDS = { ...ENFORCEMENT, ...WEBHOOK, ...GATE, ...CERTIFICATE, ...NODE };

export type FindingCode = keyof typeof FINDING_KINDS;

/** Something that a person should know about a wiring. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** What it is about: `ValidatingWebhookConfiguration kube-image-bouncer`, a file. */
  readonly subject: string;
  /** What is seen there, in one clause. */
  readonly what: string;
  readonly why: string;
  /** The command that mends it, or the nearest thing to one. */
  readonly remedy: string;
}

/** A finding of a code; `remedy` where more is known than the code knows. */
export function finding(code: FindingCode, subject: string, what: string, remedy?: string): Finding {
  const kind: FindingKind = FINDING_KINDS[code];
  return { code, severity: kind.severity, subject, what, why: kind.why, remedy: remedy ?? kind.remedy };
}

const ORDER: readonly Severity[] = ['fault', 'warning', 'note'];

/** The worst first; within a severity in the order of the examinations. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return ORDER.flatMap((severity) => findings.filter((one) => one.severity === severity));
}

/** Whether nothing is above a note. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity === 'note');
}

/** A source that could not be read: an object of the cluster, or a file of the node. */
export interface UnreadSource {
  readonly subject: string;
  /** The error message. */
  readonly reason: string;
}

/** A note for each source that could not be read: without it, silence would look like health. */
export function examineUnread(unread: readonly UnreadSource[]): readonly Finding[] {
  return unread.map(({ subject, reason }) =>
    finding('NOT_EXAMINED', subject, `it could not be read: ${reason}`),
  );
}
