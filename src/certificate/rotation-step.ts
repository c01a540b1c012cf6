import type { X509Certificate } from 'node:crypto';
import { isIssuedBy } from './inspect.ts';

/** What there is at one moment of a rotation, from which the next step follows. */
export interface RotationState {
  /** What each place trusts: one list for each webhook, or for the file. */
  readonly trust: readonly (readonly X509Certificate[])[];
  /** Who signs. */
  readonly authority: X509Certificate;
  /** Who signs was named by a person, so that its age says nothing. */
  readonly isGiven: boolean;
  /** What the gate serves with; `undefined` when it is missing or no pair. */
  readonly serving: X509Certificate | undefined;
  /** The API server's own certificate, where it is kept beside the others. */
  readonly client: X509Certificate | undefined;
}

/** One step of a rotation. Each can be done again after a crash in the middle of it. */
export type RotationStep =
  /** Adds the new authority to what is trusted; nothing is signed by it yet. */
  | { readonly kind: 'trust'; readonly bundle: readonly X509Certificate[] }
  /** Takes away an authority that was made by a run that ended before it could sign. */
  | { readonly kind: 'forget'; readonly bundle: readonly X509Certificate[] }
  /** Gives the gate a leaf of the new authority. */
  | { readonly kind: 'switch-leaf' }
  /** Gives the API server a client certificate of the new authority. */
  | { readonly kind: 'switch-client' }
  /** Trusts the new authority alone. */
  | { readonly kind: 'drop'; readonly bundle: readonly X509Certificate[] };

/**
 * What has to be done next; `undefined` when no rotation is under way. Nothing is remembered but what is there: new
 * authority trusted first, leaf switched then, old authority dropped last.
 */
export function findNextStep(state: RotationState): RotationStep | undefined {
  const { trust, authority, isGiven, serving, client } = state;
  const all = unique(trust.flat());
  const others = all.filter((certificate) => !isSame(certificate, authority));
  const isTrusted = trust.every((place) => place.some((certificate) => isSame(certificate, authority)));
  if (!isTrusted) return { kind: 'trust', bundle: [authority, ...others] };
  const isOurs = (leaf: X509Certificate | undefined) => leaf !== undefined && isIssuedBy(leaf, authority);
  // A client of an authority that is none of these has nothing to do with us.
  const isFormer = client !== undefined && others.some((other) => isIssuedBy(client, other));
  if (!isOurs(serving)) return { kind: 'switch-leaf' };
  if (isFormer && !isOurs(client)) return { kind: 'switch-client' };
  if (others.length === 0) return undefined;
  const isNew = !isGiven && others.every((other) => other.validFromDate > authority.validFromDate);
  return { kind: isNew ? 'forget' : 'drop', bundle: [authority] };
}

function unique(certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.fingerprint256, certificate])).values()];
}

function isSame(one: X509Certificate, other: X509Certificate): boolean {
  return one.fingerprint256 === other.fingerprint256;
}
