import type { Case } from './case.ts';

/** The answer of the gate. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly elapsedMs: number;
  /** Faults of the HTTP response. */
  readonly problem?: string;
}

/** Kinds of faults of an answer, defined in docs/reliability.md, The oracle. */
export type Fault = 'failOpen' | 'wrongDeny' | 'late' | 'noAnswer' | 'badShape';

/** The result of a case. `failed` is a refusal because nothing could be decided. */
export type Outcome = 'admitted' | 'refused' | 'failed' | 'rejected' | 'unanswered';

export interface Judgement {
  readonly outcome: Outcome;
  readonly fault?: Fault;
  /** The details of the fault. */
  readonly detail?: string;
}

/**
 * The gate's own limit is shorter than the caller's by this time, for the network (docs/reliability.md, The oracle).
 */
const MARGIN_MS = 250;

/** Codes of denials without a decision. */
const FAILURE = /^(?:DEADLINE|INTERNAL|NO_POLICY|OVERLOADED): /;

// eslint-disable-next-line no-control-regex -- control characters must not appear in an answer (K01, K02)
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Compares an answer with the truth. Inside a window of faults (`faulty`) three results are not faults: a refusal
 * because nothing could be decided, a missing answer, and a late one. An open gate is always a fault.
 */
export function judge(testCase: Case, reply: Reply | undefined, faulty = false): Judgement {
  if (reply === undefined) return { outcome: 'unanswered', ...(!faulty && { fault: 'noAnswer' }) };
  const { outcome, problem = reply.problem } = read(testCase, reply);
  if (outcome === 'admitted' && testCase.expected !== 'admit') return { outcome, fault: 'failOpen' };
  if (problem !== undefined) return { outcome, fault: 'badShape', detail: problem };
  if (!faulty && reply.elapsedMs > testCase.timeoutMs - MARGIN_MS)
    return { outcome, fault: 'late', detail: `${reply.elapsedMs} ms` };
  if (outcome === 'failed')
    return faulty
      ? { outcome }
      : {
          outcome,
          fault: testCase.truth === 'good' ? 'wrongDeny' : 'badShape',
          detail: 'nothing was decided',
        };
  if (outcome !== 'admitted' && testCase.expected === 'admit') return { outcome, fault: 'wrongDeny' };
  if ((outcome === 'rejected') !== (testCase.expected === 'reject'))
    return {
      outcome,
      fault: 'badShape',
      detail: `the outcome is ${outcome} instead of ${testCase.expected}`,
    };
  return { outcome };
}

interface Read {
  readonly outcome: Outcome;
  readonly problem: string | undefined;
}

function read(testCase: Case, { status, body }: Reply): Read {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return { outcome: 'rejected', problem: 'the body is not one JSON document' };
  }
  if (!isFields(document)) return { outcome: 'rejected', problem: 'the body is not an object' };
  if (status >= 400 && status < 500) return readRejection(testCase, document);
  if (status !== 200) return { outcome: verdictOf(testCase, document), problem: `status ${status}` };
  return testCase.protocol === 'ImageReview'
    ? readImageReview(document)
    : readAdmissionReview(testCase, document);
}

/** An answer without a verdict must not contain a field that the API server would read as a verdict. */
function readRejection({ protocol }: Case, document: Fields): Read {
  const problem =
    protocol === 'ImageReview'
      ? 'an ImageReview is answered 200, or `defaultAllow` decides'
      : 'response' in document
        ? 'a rejection with a response'
        : undefined;
  return { outcome: 'rejected', problem };
}

function verdictOf({ protocol }: Case, document: Fields): Outcome {
  const part = document[protocol === 'ImageReview' ? 'status' : 'response'];
  return isFields(part) && part['allowed'] === true ? 'admitted' : 'refused';
}

function readImageReview(document: Fields): Read {
  const { status, kind, apiVersion } = document;
  if (!isFields(status)) return { outcome: 'rejected', problem: 'no status' };
  const { allowed, reason, auditAnnotations } = status;
  const outcome = outcomeOf(allowed, reason);
  const problem = firstProblem(
    [
      kind === 'ImageReview' && apiVersion === 'imagepolicy.k8s.io/v1alpha1',
      'the kind or the version is wrong',
    ],
    [typeof allowed === 'boolean', 'allowed is not a boolean'],
    [allowed === true ? reason === undefined : isMessage(reason), 'the reason is not one line'],
    [areAnnotations(auditAnnotations), 'an audit annotation that the API server would drop'],
    [
      hasOnly(document, ['apiVersion', 'kind', 'status']) &&
        hasOnly(status, ['allowed', 'reason', 'auditAnnotations']),
      'unexpected fields',
    ],
  );
  return { outcome, problem };
}

function readAdmissionReview(testCase: Case, document: Fields): Read {
  const { response, kind, apiVersion } = document;
  if (!isFields(response)) return { outcome: 'rejected', problem: 'no response' };
  const { uid, allowed, status, warnings, auditAnnotations } = response;
  const outcome = outcomeOf(allowed, isFields(status) ? status['message'] : undefined);
  const problem = firstProblem(
    [
      kind === 'AdmissionReview' && apiVersion === testCase.apiVersion,
      'the kind or the version differs from the request',
    ],
    [uid === testCase.uid, 'another uid'],
    [typeof allowed === 'boolean', 'allowed is not a boolean'],
    [
      allowed === true ? status === undefined : isForbidden(status),
      'the status is not 403 Forbidden with a message of one line',
    ],
    [warnings === undefined || areWarnings(warnings), 'a warning that the API server would drop'],
    [areAnnotations(auditAnnotations), 'an audit annotation that the API server would drop'],
    [
      hasOnly(document, ['apiVersion', 'kind', 'response']) &&
        hasOnly(response, ['uid', 'allowed', 'status', 'warnings', 'auditAnnotations']),
      'unexpected fields, for example a patch',
    ],
    [testCase.warns !== true || outcome !== 'admitted' || warnings !== undefined, 'the sender is not warned'],
    [testCase.warns !== false || warnings === undefined, 'the sender is warned'],
  );
  return { outcome, problem };
}

function outcomeOf(allowed: unknown, message: unknown): Outcome {
  if (allowed === true) return 'admitted';
  return typeof message === 'string' && FAILURE.test(message) ? 'failed' : 'refused';
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstProblem(
  ...checks: readonly (readonly [holds: boolean, problem: string])[]
): string | undefined {
  return checks.find(([holds]) => !holds)?.[1];
}

/** K01: one line of at most one KiB, which the API server shows to a user. */
function isMessage(text: unknown): boolean {
  return typeof text === 'string' && text !== '' && text.length <= 1024 && !CONTROL.test(text);
}

/** K09. */
function isForbidden(status: unknown): boolean {
  if (!isFields(status)) return false;
  return (
    status['code'] === 403 &&
    status['reason'] === 'Forbidden' &&
    status['status'] === 'Failure' &&
    isMessage(status['message'])
  );
}

/** K02: at most 256 characters each and 4096 in total, without control characters. */
function areWarnings(warnings: unknown): boolean {
  if (!Array.isArray(warnings) || warnings.length === 0) return false;
  const texts = warnings as unknown[];
  if (
    !texts.every(
      (text) => typeof text === 'string' && text !== '' && text.length <= 256 && !CONTROL.test(text),
    )
  )
    return false;
  return texts.join('').length <= 4096 && new Set(texts).size === texts.length;
}

/** K03: keys are the name part of a qualified name. */
function areAnnotations(annotations: unknown): boolean {
  if (annotations === undefined) return true;
  if (!isFields(annotations)) return false;
  return Object.entries(annotations).every(
    ([key, value]) =>
      /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(key) &&
      typeof value === 'string' &&
      !CONTROL.test(value),
  );
}

function hasOnly(fields: Fields, keys: readonly string[]): boolean {
  return Object.keys(fields).every((key) => keys.includes(key));
}
