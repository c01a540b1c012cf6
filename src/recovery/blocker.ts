import type { KubernetesObject } from '../kubernetes/object.ts';
import type { Finding } from './probes.ts';
import type { Refuser } from '../wiring/refusal.ts';
import type { Remedy } from './webhook-remedies.ts';

/** What was before a way out was taken, and what it left behind; `undefined`: nothing. */
export type Change = ObjectChange | FileChange;

/** Of an object of the API. */
export interface ObjectChange {
  readonly kind: 'object';
  readonly before: KubernetesObject;
  readonly after: KubernetesObject | undefined;
}

/** Of a file of a control-plane node. */
export interface FileChange {
  readonly kind: 'file';
  /** Absolute. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly before: string;
  readonly after: string | undefined;
}

/** A remedy for one blocker. */
export interface Step extends Omit<Remedy, 'edits'> {
  /** What a person can type instead, when this program is not at hand. */
  readonly byHand: readonly string[];
  /** What will have changed, found out without changing it. */
  readonly foresee: () => Promise<readonly Change[]>;
  readonly perform: () => Promise<void>;
}

/** Something that keeps objects out because of a gate: a webhook in the API, or one in a file. */
export interface Blocker {
  /** `webhook images.example.com of ValidatingWebhookConfiguration gate`, for people. */
  readonly name: string;
  /** How long the API server may go on as before once it has changed. */
  readonly settleMs: number;
  /** Whether no difference after that time means that nobody has noticed the change, rather than that it was of no use. */
  readonly isWatchedElsewhere: boolean;
  readonly blames: (refuser: Refuser) => boolean;
  /** What it does now and whom it asks, in a sentence without an end; `undefined` once it is gone. */
  readonly describe: () => Promise<string | undefined>;
  /** As it is now, what can be done about these findings, in order; nothing once it is gone. */
  readonly steps: (findings: readonly Finding[]) => Promise<readonly Step[]>;
}
