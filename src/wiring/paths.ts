import type { ProtocolName } from '../admission/exchange.ts';
import { STAGES, type Stage } from '../policy/stage.ts';

/** A path at which a gate answers. */
interface ReviewPath {
  readonly path: string;
  readonly protocol: ProtocolName;
  readonly stage: Stage;
  /** The path without a stage, to which `/warn` or another stage can be appended. */
  readonly base: string;
}

/** The first base of a protocol is the one that `bootstrap` writes. */
const BASES: readonly (readonly [base: string, protocol: ProtocolName])[] = [
  ['/image_policy', 'ImageReview'],
  ['/image-policy', 'ImageReview'],
  ['/validate', 'AdmissionReview'],
];

/**
 * Every path at which a gate answers. `/image_policy` and `/` are the paths of the Go program. A webhook configuration
 * cannot hold an underscore in `service.path`, hence `/image-policy`. A base without a stage means `deny`.
 */
export const REVIEW_PATHS: readonly ReviewPath[] = [
  { path: '/', protocol: 'AdmissionReview', stage: 'deny', base: '/validate' },
  ...BASES.flatMap(([base, protocol]) =>
    ([undefined, ...STAGES] as const).map((stage): ReviewPath => {
      const path = stage === undefined ? base : `${base}/${stage}`;
      return { path, protocol, stage: stage ?? 'deny', base };
    }),
  ),
];

/** The path that `bootstrap` writes into a webhook configuration for a stage. */
export function reviewPath(stage: Stage): string {
  return pathBelow('/validate', stage);
}

/** The path that `bootstrap` writes into the kubeconfig of `ImagePolicyWebhook` for a stage. */
export function imagePolicyPath(stage: Stage): string {
  return pathBelow('/image_policy', stage);
}

/** The stage of a path in a protocol; `undefined` if a gate does not answer at this path in this protocol. */
export function stageOfPath(protocol: ProtocolName, path: string): Stage | undefined {
  return findPath(protocol, path)?.stage;
}

/** The path of another stage in the same spelling: `/image-policy/deny` at `warn` is `/image-policy/warn`. */
export function pathAtStage(protocol: ProtocolName, path: string, stage: Stage): string | undefined {
  const found = findPath(protocol, path);
  return found && pathBelow(found.base, stage);
}

function findPath(protocol: ProtocolName, path: string): ReviewPath | undefined {
  // client-go removes slashes at the end of the server of a kubeconfig, but not of the URL of a webhook.
  const sent = protocol === 'ImageReview' ? path.replace(/\/+$/, '') : path;
  return REVIEW_PATHS.find((row) => row.protocol === protocol && row.path === sent);
}

function pathBelow(base: string, stage: Stage): string {
  return stage === 'deny' ? base : `${base}/${stage}`;
}

/**
 * The `failurePolicy` of a webhook at a stage: `Fail` only at `deny`, so at the other stages a gate that does not
 * answer refuses nothing.
 */
export function failurePolicyAt(stage: Stage): 'Fail' | 'Ignore' {
  return stage === 'deny' ? 'Fail' : 'Ignore';
}

/** Whether stage `to` is stricter than stage `from`. Each stage is stricter than no wiring (`undefined`). */
export function isStageUp(from: Stage | undefined, to: Stage): boolean {
  return from === undefined || STRICTNESS[to] > STRICTNESS[from];
}

const STRICTNESS: Readonly<Record<Stage, number>> = { audit: 0, warn: 1, deny: 2 };
