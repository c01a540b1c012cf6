import { describeObject } from '../kubernetes/object.ts';
import { inEnglish } from '../language/catalogue.ts';
import { renderWorkloads } from '../report/workloads-output.ts';
import {
  RolloutError,
  type CanaryProof,
  type NodeCanaryProof,
  type RolloutErrorCode,
  type RolloutEvent,
} from '../rollout/progress.ts';
import { CANARY_IMAGE } from '../wiring/canary.ts';

/** Progress of a roll-out as lines, without the last line break. */
export function renderRolloutEvent(event: RolloutEvent): string {
  switch (event.what) {
    case 'workloads':
      return renderWorkloads(event.found, inEnglish);
    case 'object':
      return `${event.change.padEnd(10)} ${describeObject(event.reference)}`;
    case 'file':
      return `${event.change.padEnd(8)} ${event.path}`;
    case 'nothing-to-change':
      return 'nothing to change';
    case 'waiting':
      return WAITING[event.for];
    case 'waiting-for-approval':
      return `waiting until the request is approved: run \`kubectl certificate approve ${event.request}\`, or give --approve`;
    case 'trial':
      return 'wiring the gate at stage warn first, to test whether the API server reaches it';
    case 'canary':
      return renderCanary(event.canary);
    case 'node-canary':
      return renderNodeCanary(event.canary);
    case 'configuration-restored':
      return 'restored: the former wiring';
    case 'restoring':
      return 'restoring every file';
    case 'restored':
      return 'restored: every file that this run changed';
  }
}

const WAITING = {
  'gate-pod': 'waiting until a pod of the gate is ready',
  gate: 'waiting until the gate answers',
  'api-server': 'waiting until the API server is ready again',
} as const;

function renderCanary({ verdict, expected, isMet, timeoutMs }: CanaryProof): string {
  const what = `a pod with a forbidden image is ${verdict.outcome}`;
  return isMet
    ? `proved: ${what}`
    : `not proved: ${what}, not ${expected}, after ${timeoutMs / 1000} s${causeOf(verdict)}`;
}

/** `: ` and the message of a verdict; an empty text if the verdict has no message. */
export function causeOf(verdict: CanaryProof['verdict']): string {
  return 'message' in verdict ? `: ${verdict.message}` : '';
}

function renderNodeCanary({ verdict, expected, isMet, stage }: NodeCanaryProof): string {
  const what = `a pod with image ${CANARY_IMAGE} is ${verdict.outcome}`;
  const cause = verdict.message === '' ? '' : `: ${verdict.message}`;
  return isMet
    ? `proved: ${what}, as expected at stage ${stage}`
    : `not proved: ${what}, but should be ${expected}${cause}`;
}

/** A line about the result, and below it the next steps as a numbered list. */
export function renderNext(what: string, ...steps: readonly string[]): string {
  return [what, ...steps.map((step, index) => `  ${index + 1}. ${step}`)].join('\n');
}

/** The options that solve an error of a roll-out. */
const OPTIONS: Readonly<Record<RolloutErrorCode, string | undefined>> = {
  IMAGE_UNKNOWN: '--image is missing: ',
  AUTHORITY_UNKNOWN: '--ca-cert is missing: ',
  AUTHORITY_KEY_UNKNOWN: '--ca-cert and --ca-key are missing: ',
  SIGNER_UNKNOWN: 'give the CA of the signer with --ca-cert: ',
  NOT_SIGNED: undefined,
  VERSION_UNSUPPORTED: undefined,
  FEATURE_GATE_MISSING: undefined,
  INTERRUPTED: undefined,
};

/** The message of an error of a roll-out, with the option that solves it; `undefined` for other errors. */
export function describeRolloutError(error: Error): string | undefined {
  return error instanceof RolloutError ? `${OPTIONS[error.code] ?? ''}${error.message}` : undefined;
}
