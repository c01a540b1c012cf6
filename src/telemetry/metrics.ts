import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { PROTOCOL_NAMES, type ProtocolName } from '../admission/exchange.ts';
import type { Violation } from '../policy/decision.ts';
import type { AskedQuestion } from '../question/asker.ts';
import { BoundedLabels, OTHER, Tally } from './labels.ts';
import type { Outcome } from './outcome.ts';
import { CLIENT_REFUSAL_REASONS, type ClientRefusalReason } from './refused-clients.ts';
import { SHED_CODES, SHED_REASONS, type ShedReason } from './shed-reviews.ts';

/** The certificate of the server, or the authorities of its clients. */
export type CertificateName = 'serving' | 'clients';

/** Metrics of one server, for Prometheus. */
export interface Metrics {
  readonly contentType: string;
  /** All metrics in the text format of Prometheus. */
  readonly render: () => Promise<string>;
  readonly countOutcome: (outcome: Outcome) => void;
  /** Counts a request that was refused before it became a review. */
  readonly countRejection: (code: string) => void;
  /** Counts a client that could not connect, because of its certificate. */
  readonly countRefusedClient: (reason: ClientRefusalReason) => void;
  /** Counts a review that was refused without a decision. */
  readonly countShed: (protocol: ProtocolName, reason: ShedReason) => void;
  /** Counts a review whose answer came after the timeout of its caller, or not at all. */
  readonly countLate: (protocol: ProtocolName) => void;
  /** Counts a question of a review when it has ended. */
  readonly countQuestion: (asked: AskedQuestion) => void;
  /** Call it when a policy becomes active. */
  readonly policyLoaded: (policy: { readonly name: string; readonly revision: string }) => void;
  /** Call it when a policy file was read again. On `failure` the last good policy stays active. */
  readonly policyReloaded: (result: 'success' | 'failure') => void;
  /** Whether the API server refuses a known-bad pod; `undefined` if unknown. */
  readonly enforcing: (enforcing: boolean | undefined) => void;
  readonly certificateExpires: (certificate: CertificateName, at: Date) => void;
  /** Call it when files were read again. On `failure` the earlier certificates stay active. */
  readonly certificateReloaded: (certificate: CertificateName, result: 'success' | 'failure') => void;
}

/** Numbers that are read when the metrics are read. */
interface MetricSources {
  readonly inflight?: () => number;
  readonly logDropped?: () => number;
}

const PREFIX = 'kube_image_bouncer_';
const SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const FAILURE_CODES = ['DEADLINE', 'INTERNAL', 'NO_POLICY', 'OVERLOADED'] as const;
/** Together with the series of `other` (about 15 codes, 3 actions, dry run or not) below 1,000. */
const MAX_VIOLATION_SERIES = 900;
const MAX_RULE_CHARACTERS = 128;
const MAX_KINDS = 100;
const MAX_REJECTION_CODES = 50;
/** With 6 outcomes, cached or not: below 400 series. */
const MAX_QUESTION_KINDS = 32;

/** Metrics in a registry of their own, so that two servers in one process do not count for each other. */
export function createMetrics(sources: MetricSources = {}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  const readSources = sourceReader(registry, sources);
  const rejected = counter(
    registry,
    'rejected_requests_total',
    'Requests refused before they became a review.',
    ['code'],
  );
  const rejectionCodes = new BoundedLabels(MAX_REJECTION_CODES);
  const failures = failureCounter(registry);
  return {
    contentType: registry.contentType,
    render: () => {
      readSources();
      return registry.metrics();
    },
    countOutcome: outcomeCounter(registry, failures),
    countShed: shedCounter(registry, failures),
    countLate: lateCounter(registry),
    countRejection: (code) => rejected.inc({ code: rejectionCodes.labelOf(code) }),
    countRefusedClient: refusedClientCounter(registry),
    countQuestion: questionCounter(registry),
    ...policyMetrics(registry),
    ...certificateMetrics(registry),
    ...enforcementMetrics(registry),
  };
}

/** Counts reviews that could not be decided. */
function failureCounter(registry: Registry): Counter<'code'> {
  const failures = counter(
    registry,
    'failures_total',
    'Reviews that were refused because they could not be decided.',
    ['code'],
  );
  // If a series appears only with its first failure, rate() does not show that failure.
  for (const code of FAILURE_CODES) failures.inc({ code }, 0);
  return failures;
}

function refusedClientCounter(registry: Registry): Metrics['countRefusedClient'] {
  const refused = counter(
    registry,
    'refused_client_certificates_total',
    'Clients that could not connect, because of their certificate.',
    ['reason'],
  );
  for (const reason of CLIENT_REFUSAL_REASONS) refused.inc({ reason }, 0);
  return (reason) => refused.inc({ reason });
}

function shedCounter(registry: Registry, failures: Counter<'code'>): Metrics['countShed'] {
  const shed = counter(
    registry,
    'shed_reviews_total',
    'Reviews refused without a decision. They have no log line of their own. Of the other metrics, only failures_total counts them.',
    ['protocol', 'reason'],
  );
  for (const protocol of PROTOCOL_NAMES) for (const reason of SHED_REASONS) shed.inc({ protocol, reason }, 0);
  return (protocol, reason) => {
    shed.inc({ protocol, reason });
    failures.inc({ code: SHED_CODES[reason] });
  };
}

function lateCounter(registry: Registry): Metrics['countLate'] {
  const late = counter(
    registry,
    'late_answers_total',
    'Reviews that were answered after the timeout of their caller, or whose caller did not wait.',
    ['protocol'],
  );
  for (const protocol of PROTOCOL_NAMES) late.inc({ protocol }, 0);
  return (protocol) => late.inc({ protocol });
}

function outcomeCounter(registry: Registry, failures: Counter<'code'>): Metrics['countOutcome'] {
  const decisions = new Tally({
    name: `${PREFIX}decisions_total`,
    help: 'Decisions by outcome. A dry run enforces nothing, and at stages warn and audit nothing is refused.',
    labelNames: ['protocol', 'outcome', 'operation', 'dry_run', 'stage'],
    registers: [registry],
  });
  const unknown = counter(registry, 'unknown_kinds_total', 'Reviews of kinds that the gate does not know.', [
    'kind',
  ]);
  const durations = new Histogram({
    name: `${PREFIX}decision_duration_seconds`,
    help: 'Time from the head of a request to its answer.',
    labelNames: ['protocol'],
    buckets: SECONDS,
    registers: [registry],
  });
  const countViolation = violationCounter(registry);
  const kinds = new BoundedLabels(MAX_KINDS);
  return ({ review, decision, protocol, durationMs, stage }) => {
    const dryRun = review.dryRun === true ? 'true' : 'false';
    const { outcome } = decision;
    decisions.add(`${protocol}\n${outcome}\n${review.operation ?? ''}\n${dryRun}\n${stage}`);
    durations.observe({ protocol }, durationMs / 1000);
    for (const violation of decision.violations) countViolation(violation, dryRun);
    if (outcome === 'failed') failures.inc({ code: decision.code });
    for (const { kind } of decision.notices)
      if (kind !== undefined) unknown.inc({ kind: kinds.labelOf(kind) });
  };
}

function violationCounter(registry: Registry): (violation: Violation, dryRun: string) => void {
  const violations = new Tally({
    name: `${PREFIX}violations_total`,
    help: 'Violations by rule. A dry run enforces nothing.',
    labelNames: ['rule', 'code', 'action', 'dry_run'],
    registers: [registry],
  });
  const series = new BoundedLabels(MAX_VIOLATION_SERIES);
  return ({ rule, code, actions }, dryRun) => {
    const name = rule?.slice(0, MAX_RULE_CHARACTERS) ?? '';
    for (const action of actions) {
      const key = `${name}\n${code}\n${action}\n${dryRun}`;
      violations.add(series.labelOf(key) === OTHER ? `${OTHER}\n${code}\n${action}\n${dryRun}` : key);
    }
  };
}

function questionCounter(registry: Registry): Metrics['countQuestion'] {
  const questions = counter(
    registry,
    'questions_total',
    'Questions of rules by outcome: known, or the code that says why there is no answer.',
    ['kind', 'outcome', 'cached'],
  );
  const durations = new Histogram({
    name: `${PREFIX}question_duration_seconds`,
    help: 'Time that a review waited for the answer to a question that was not cached.',
    labelNames: ['kind'],
    buckets: SECONDS,
    registers: [registry],
  });
  const kinds = new BoundedLabels(MAX_QUESTION_KINDS);
  return ({ kind: name, answer, cached, durationMs }) => {
    const kind = kinds.labelOf(name);
    const outcome = answer.outcome === 'known' ? 'known' : answer.code;
    questions.inc({ kind, outcome, cached: cached ? 'true' : 'false' });
    if (!cached) durations.observe({ kind }, durationMs / 1000);
  };
}

function policyMetrics(registry: Registry): Pick<Metrics, 'policyLoaded' | 'policyReloaded'> {
  const info = gauge(registry, 'policy_info', 'The active policy.', ['name', 'revision']);
  const reloads = counter(registry, 'policy_reload_total', 'Attempts to read the policy again.', ['result']);
  const lastReload = gauge(
    registry,
    'policy_last_reload_success',
    '1 if the last attempt succeeded, otherwise 0.',
    [],
  );
  for (const result of ['success', 'failure']) reloads.inc({ result }, 0);
  return {
    policyLoaded: ({ name, revision }) => {
      info.reset();
      info.set({ name, revision }, 1);
    },
    policyReloaded: (result) => {
      reloads.inc({ result });
      lastReload.set(result === 'success' ? 1 : 0);
    },
  };
}

function certificateMetrics(registry: Registry): Pick<Metrics, 'certificateExpires' | 'certificateReloaded'> {
  // Without a label, because most alarms use this metric by its name.
  const serving = gauge(
    registry,
    'certificate_expiry_timestamp_seconds',
    'When the serving certificate ends.',
    [],
  );
  const clients = gauge(
    registry,
    'client_ca_expiry_timestamp_seconds',
    'When the first of the client authorities ends.',
    [],
  );
  // Plain HTTP has no certificate, and the value 0 would mean 1970 and raise an alarm.
  for (const expiry of [serving, clients]) expiry.remove();
  const reloads = counter(
    registry,
    'certificate_reload_total',
    'Attempts to read a certificate from its files again.',
    ['certificate', 'result'],
  );
  const lastReload = gauge(
    registry,
    'certificate_last_reload_success',
    '1 if the files contain the active certificate, otherwise 0.',
    ['certificate'],
  );
  return {
    certificateExpires: (certificate, at) => ({ serving, clients })[certificate].set(at.getTime() / 1000),
    certificateReloaded: (certificate, result) => {
      for (const each of ['success', 'failure'])
        reloads.inc({ certificate, result: each }, each === result ? 1 : 0);
      lastReload.set({ certificate }, result === 'success' ? 1 : 0);
    },
  };
}

function enforcementMetrics(registry: Registry): Pick<Metrics, 'enforcing'> {
  const enforcing = gauge(
    registry,
    'enforcing',
    '1 if the API server refuses a known-bad pod because of the gate, 0 if it admits the pod, NaN if unknown.',
    [],
  );
  // Without the canary there is no value.
  enforcing.remove();
  return { enforcing: (value) => enforcing.set(value === undefined ? Number.NaN : Number(value)) };
}

/** Copies the numbers of the sources when the metrics are read. */
function sourceReader(registry: Registry, { inflight, logDropped }: MetricSources): () => void {
  const waiting = gauge(registry, 'inflight', 'Requests without an answer.', []);
  const dropped = counter(
    registry,
    'log_dropped_total',
    'Log lines that were lost, because the reader stalled or closed, or the disk was full.',
    [],
  );
  let counted = 0;
  return () => {
    waiting.set(inflight?.() ?? 0);
    const total = logDropped?.() ?? 0;
    dropped.inc(total - counted);
    counted = total;
  };
}

function counter<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
): Counter<Label> {
  return new Counter({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] });
}

function gauge<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
): Gauge<Label> {
  return new Gauge({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] });
}
