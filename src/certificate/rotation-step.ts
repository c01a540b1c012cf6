import type { X509Certificate } from 'node:crypto';
import { isIssuedBy } from './inspect.ts';

/** The present certificates, from which the next step of a rotation follows. */
export interface RotationState {
  /** Trusted certificates of each place: one list for each webhook, or one for the file. */
  readonly trust: readonly (readonly X509Certificate[])[];
  /** The certificate that signs. */
  readonly authority: X509Certificate;
  /** True if the user gave the authority. Its age then does not show whether it is the newer one. */
  readonly isGiven: boolean;
  /** The certificate of the gate; `undefined` if it is missing or does not match its key. */
  readonly serving: X509Certificate | undefined;
  /** The client certificate of the API server, if it is stored with the others. */
  readonly client: X509Certificate | undefined;
}

/** One step of a rotation. Each can be repeated after a crash. */
export type RotationStep =
  /** Adds the new authority to the trusted ones. It has signed nothing yet. */
  | { readonly kind: 'trust'; readonly bundle: readonly X509Certificate[] }
  /** Removes an authority of an earlier run that ended before that authority signed anything. */
  | { readonly kind: 'forget'; readonly bundle: readonly X509Certificate[] }
  /** Replaces the leaf of the gate by one from the new authority. */
  | { readonly kind: 'switch-leaf' }
  /** Replaces the client certificate of the API server by one from the new authority. */
  | { readonly kind: 'switch-client' }
  /** Trusts only the new authority. */
  | { readonly kind: 'drop'; readonly bundle: readonly X509Certificate[] };

/**
 * The next step; `undefined` if no rotation is under way. It follows from the present certificates only: first the new
 * authority is trusted, then the leaf is switched, and last the old authority is dropped.
 */
export function findNextStep(state: RotationState): RotationStep | undefined {
  const { trust, authority, isGiven, serving, client } = state;
  const all = unique(trust.flat());
  const others = all.filter((certificate) => !isSame(certificate, authority));
  const isTrusted = trust.every((place) => place.some((certificate) => isSame(certificate, authority)));
  if (!isTrusted) return { kind: 'trust', bundle: [authority, ...others] };
  const isOurs = (leaf: X509Certificate | undefined) => leaf !== undefined && isIssuedBy(leaf, authority);
  // A client certificate from another authority is not part of the rotation.
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
