import { CERTIFICATE } from './catalogue/certificate.ts';
import { ENFORCEMENT } from './catalogue/enforcement.ts';
import type { FindingKind, Severity } from './catalogue/finding-kind.ts';
import { GATE } from './catalogue/gate.ts';
import { NODE } from './catalogue/node.ts';
import { WEBHOOK } from './catalogue/webhook.ts';
import type { Remedy } from './remedy.ts';

/** The catalogue of all findings; docs/doctor.md has a row for each. */
export const FINDING_KINDS = { ...ENFORCEMENT, ...WEBHOOK, ...GATE, ...CERTIFICATE, ...NODE };

export type FindingCode = keyof typeof FINDING_KINDS;

/** One fact about the wiring of a gate that the operator should know. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The object or the file: `ValidatingWebhookConfiguration kube-image-bouncer`, or a path. */
  readonly subject: string;
  /** The observation, in one clause without a full stop. */
  readonly what: string;
  readonly why: string;
  readonly remedy: Remedy;
}

/** A finding with the severity and the reason of its code. @param remedy in place of the remedy of its code */
export function finding(code: FindingCode, subject: string, what: string, remedy?: Remedy): Finding {
  const kind: FindingKind = FINDING_KINDS[code];
  return { code, severity: kind.severity, subject, what, why: kind.why, remedy: remedy ?? kind.remedy };
}

const ORDER: readonly Severity[] = ['fault', 'warning', 'note'];

/** Faults first, then warnings, then notes; findings of one severity keep their order. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return ORDER.flatMap((severity) => findings.filter((one) => one.severity === severity));
}

/** Whether there are notes only. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity === 'note');
}

/** Whether the operator has chosen a stage at which the gate refuses nothing. */
export function isBelowDeny(findings: readonly Finding[]): boolean {
  return findings.some(({ code }) => code === 'BELOW_DENY');
}

/** A source that could not be read: an object of the cluster, or a file of the node. */
export interface UnreadSource {
  readonly subject: string;
  /** The error message. */
  readonly reason: string;
}

/** A note for each source that could not be read. Otherwise a report without findings could mean that nothing was read. */
export function examineUnread(unread: readonly UnreadSource[]): readonly Finding[] {
  return unread.map(({ subject, reason }) =>
    finding('NOT_EXAMINED', subject, `it could not be read: ${reason}`),
  );
}
