import { CodedError } from '../coded-error.ts';
import type { ObjectReference } from '../kubernetes/object.ts';
import type { Stage } from '../policy/stage.ts';
import type { CanaryVerdict } from '../wiring/canary.ts';
import type { RunningWorkloads } from './running-workloads.ts';

/** One step of an action. The caller renders it as text. */
export type RolloutEvent =
  /** The running workloads were judged by the new policy. */
  | { readonly what: 'workloads'; readonly found: RunningWorkloads }
  /** An object of the cluster was applied or deleted. */
  | { readonly what: 'object'; readonly reference: ObjectReference; readonly change: ObjectChange }
  /** A file of the node was written or removed. */
  | { readonly what: 'file'; readonly path: string; readonly change: string }
  | { readonly what: 'nothing-to-change' }
  | { readonly what: 'waiting'; readonly for: 'gate-pod' | 'gate' | 'api-server' }
  /** A person has to approve a CertificateSigningRequest of this name. */
  | { readonly what: 'waiting-for-approval'; readonly request: string }
  /** The webhook is applied at stage `warn` first, where a gate that does not answer refuses nothing. */
  | { readonly what: 'trial' }
  | { readonly what: 'canary'; readonly canary: CanaryProof }
  /** The result of the canary through `ImagePolicyWebhook`. */
  | { readonly what: 'node-canary'; readonly canary: NodeCanaryProof }
  /** The former webhook configuration was restored. */
  | { readonly what: 'configuration-restored' }
  /** The API server did not become ready, or the command was interrupted, so every file is restored now. */
  | { readonly what: 'restoring' }
  /** Every file that this run changed is as before. */
  | { readonly what: 'restored' };

/** How an object was changed. An object that the gate does not own is `left alone`. */
export type ObjectChange = 'created' | 'changed' | 'unchanged' | 'deleted' | 'left alone';

/** The canary that shows whether a wiring works: a pod with a forbidden image, sent as a dry run. */
export interface CanaryProof {
  readonly verdict: CanaryVerdict;
  readonly expected: CanaryVerdict['outcome'];
  /** Whether the verdict was the expected one before `timeoutMs`. */
  readonly isMet: boolean;
  readonly timeoutMs: number;
}

/** The result of a canary through `ImagePolicyWebhook`. */
export interface NodeCanaryVerdict {
  readonly outcome:
    | 'refused'
    | 'admitted'
    | 'refused because the gate does not answer'
    | 'stopped by something else'
    | 'not answered';
  /** The API server's message, or why it did not answer; `''` if the canary was admitted. */
  readonly message: string;
}

/** The canary that shows whether `ImagePolicyWebhook` works. */
export interface NodeCanaryProof {
  readonly verdict: NodeCanaryVerdict;
  readonly expected: NodeCanaryVerdict['outcome'];
  readonly isMet: boolean;
  readonly stage: Stage;
}

/** Called for each step of an action, in order. */
export type OnProgress = (event: RolloutEvent) => void;

export type RolloutErrorCode =
  | 'IMAGE_UNKNOWN'
  | 'AUTHORITY_UNKNOWN'
  | 'AUTHORITY_KEY_UNKNOWN'
  | 'VERSION_UNSUPPORTED'
  | 'NOT_SIGNED'
  | 'SIGNER_UNKNOWN'
  | 'FEATURE_GATE_MISSING'
  | 'INTERRUPTED';

/** A roll-out cannot be planned or finished with these settings and this cluster. */
export class RolloutError extends CodedError<RolloutErrorCode> {
  override readonly name = 'RolloutError';
}
