import type { X509Certificate } from 'node:crypto';
import { finding, type Finding } from '../finding.ts';
import { examineLeaf, examineValidity, issuersOf, parseBundle, speaksFor } from './chain.ts';

/** What somebody trusts, and what is served to them. */
export interface Trusting {
  /** Who trusts: a webhook, a kubeconfig. */
  readonly subject: string;
  /** PEM of the authorities. */
  readonly trust: string | undefined;
  /** What is served, for people; the leaf first. `undefined` when nobody has seen it. */
  readonly served: { readonly subject: string; readonly chain: readonly X509Certificate[] } | undefined;
  /** What the API server calls the gate. */
  readonly serverName: string;
}

/** Whether a client that trusts these authorities takes what is served to it. */
export function examineTrust(
  { subject, trust, served, serverName }: Trusting,
  now: Date,
): readonly Finding[] {
  const [leaf] = served?.chain ?? [];
  return [
    ...examineAuthorities(subject, trust, served, now),
    ...(served === undefined || leaf === undefined
      ? []
      : [
          ...examineLeaf(leaf, now, served.subject),
          ...(speaksFor(leaf, serverName)
            ? []
            : [
                finding(
                  'CERTIFICATE_NAME_MISSING',
                  served.subject,
                  `it speaks for ${leaf.subjectAltName ?? 'nobody'}, and not for ${serverName}`,
                ),
              ]),
        ]),
  ];
}

function examineAuthorities(
  subject: string,
  trust: string | undefined,
  served: Trusting['served'],
  now: Date,
): readonly Finding[] {
  if (trust === undefined || trust.trim() === '') return [finding('CA_MISSING', subject, 'it names no CA')];
  const authorities = parseBundle(trust);
  if (authorities === undefined)
    return [finding('CA_UNREADABLE', subject, 'its CA is no certificate in PEM')];
  const issuers = served === undefined ? authorities : issuersOf(served.chain, authorities);
  if (issuers.length === 0)
    return [
      finding('CA_MISMATCH', subject, `its CA has not signed what ${served?.subject ?? 'the gate'} shows`),
    ];
  const codes = { over: 'CA_EXPIRED', ending: 'CA_EXPIRING' } as const;
  // While an authority is rotated, the old one may end: one that lasts is enough.
  const found = issuers.map((authority) => examineValidity(authority, now, subject, codes));
  return found.some((findings) => findings.length === 0) ? [] : (found[0] ?? []);
}
