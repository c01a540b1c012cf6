import type { KubernetesObject } from '../kubernetes/object.ts';
import type { ProbeResult } from './probes.ts';
import type { Refuser } from '../wiring/refusal.ts';
import type { Remedy } from './webhook-remedies.ts';

/** A changed object or file, before and after a step. `after` is `undefined` if the step removed it. */
export type RecordedChange = RecordedObject | RecordedFile;

/** A changed object of the API. */
export interface RecordedObject {
  readonly kind: 'object';
  readonly before: KubernetesObject;
  readonly after: KubernetesObject | undefined;
}

/** A changed file of a control-plane node. */
export interface RecordedFile {
  readonly kind: 'file';
  /** Absolute. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly before: string;
  readonly after: string | undefined;
}

/** One step of a way out. */
export interface Step extends Omit<Remedy, 'edits'> {
  /** Commands for the same step without this program. */
  readonly byHand: readonly string[];
  /** Computes the changes of the step without making them. */
  readonly foresee: () => Promise<readonly RecordedChange[]>;
  readonly perform: () => Promise<void>;
}

/** Something that refuses objects because of a gate: a webhook in the API or in a file, or a plugin. */
export interface Blocker {
  /** `webhook images.example.com of ValidatingWebhookConfiguration gate`, for messages. */
  readonly name: string;
  /** How long the API server may take to apply a change, in milliseconds. */
  readonly settleMs: number;
  /**
   * True if another process (the kubelet) applies the change. If the change has no effect after `settleMs`, then it
   * is not applied yet, and a stronger step must not follow.
   */
  readonly isWatchedElsewhere: boolean;
  readonly blames: (refuser: Refuser) => boolean;
  /**
   * The present settings of the blocker and the address that it calls, as a phrase for messages; `undefined` if the
   * blocker no longer exists.
   */
  readonly describe: () => Promise<string | undefined>;
  /**
   * The steps that are possible now for these results, the least invasive one first; none if the blocker no longer
   * exists.
   */
  readonly steps: (results: readonly ProbeResult[]) => Promise<readonly Step[]>;
}
