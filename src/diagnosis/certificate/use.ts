import type { X509Certificate } from 'node:crypto';
import { findAuthorityEnd, readClientAuthorities } from '../../certificate/client-authorities.ts';
import { CertificateError } from '../../certificate/errors.ts';
import { hasSigned, nameOf } from '../../certificate/inspect.ts';
import { findUseFaults } from '../../certificate/use.ts';
import { finding, type Finding } from '../finding.ts';

/** Checks a serving certificate, apart from its names, which are checked beside the name that the API server calls. */
export function examineServingUse(leaf: X509Certificate, subject: string): readonly Finding[] {
  return findUseFaults(leaf, 'server')
    .filter((fault) => fault.includes('key usage'))
    .map((fault) => finding('CERTIFICATE_UNSUITABLE', subject, fault));
}

/** The authorities of a bundle that signed a certificate of the chain and may sign none. */
export function examineAuthorityUse(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  subject: string,
): readonly Finding[] {
  return authorities
    .filter((authority) => chain.some((one) => !one.raw.equals(authority.raw) && hasSigned(authority, one)))
    .flatMap((authority) =>
      findUseFaults(authority, 'server authority')
        .slice(0, 1)
        .map((fault) =>
          finding('CA_UNSUITABLE', subject, `${nameOf(authority)} signed the gate, but ${fault}`),
        ),
    );
}

/** What is known about the gate that a client certificate is shown to. */
export interface ShownTo {
  /**
   * What the gate did when doctor showed it the pair; `undefined` if it could not be tried. A gate without `--client-ca`
   * accepts every pair.
   */
  readonly answer: ClientAnswer | undefined;
  /** The file of `--client-ca`, if it is known. */
  readonly authority: { readonly place: string; readonly text: string } | undefined;
}

/** What a gate did when a client certificate was shown to it. */
export type ClientAnswer = { readonly address: string; readonly isAccepted: boolean };

/** Shows a pair to the server at an address. Rejects if there is no answer in time. */
export type OfferPair = (
  address: { readonly host: string; readonly port: number; readonly serverName: string },
  pair: { readonly certificate: string; readonly key: string },
) => Promise<boolean>;

/** Checks that the gate accepts a certificate of the API server, whatever its dates are. */
export function examineClientUse(
  leaf: X509Certificate,
  subject: string,
  { answer, authority }: ShownTo,
): readonly Finding[] {
  if (answer?.isAccepted === true) return [];
  const faults = findUseFaults(leaf, 'client');
  if (faults.length > 0) return [finding('CLIENT_CERTIFICATE_UNSUITABLE', subject, faults.join('; '))];
  const who = `${nameOf(leaf)}, which ${nameOf(leaf, 'issuer')} signed`;
  if (authority !== undefined && !holdsIssuer(authority.text, leaf))
    return [finding('CLIENT_CERTIFICATE_REFUSED', authority.place, `it holds no CA that signed ${who}`)];
  return answer === undefined
    ? []
    : [finding('CLIENT_CERTIFICATE_REFUSED', answer.address, `it closes the connection of ${who}`)];
}

/** True also if the bundle cannot be used: {@link examineClientAuthority} reports that. */
function holdsIssuer(bundle: string, leaf: X509Certificate): boolean {
  try {
    return readClientAuthorities(bundle).certificates.some((authority) => hasSigned(authority, leaf));
  } catch (error) {
    if (error instanceof CertificateError) return true;
    throw error;
  }
}

/** Checks that the file of `--client-ca` lets a client in now. */
export function examineClientAuthority(
  { place, text }: NonNullable<ShownTo['authority']>,
  now: Date,
): readonly Finding[] {
  try {
    const end = findAuthorityEnd(readClientAuthorities(text), now);
    return end === undefined ? [] : [finding('CLIENT_CA_UNUSABLE', place, end)];
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    // The same file is the CA that the API server trusts, which is examined for itself.
    if (error.code === 'CERTIFICATE_UNREADABLE') return [];
    return [finding('CLIENT_CA_UNUSABLE', place, error.message)];
  }
}
