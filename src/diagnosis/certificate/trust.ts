import type { X509Certificate } from 'node:crypto';
import { namesOf } from '../../certificate/inspect.ts';
import { findUseFaults } from '../../certificate/use.ts';
import { gateCommand, remedy } from '../remedy.ts';
import { finding, type Finding } from '../finding.ts';
import { examineAuthorityUse, examineServingUse } from './use.ts';
import { examineLeaf, examineValidity, issuersOf, parseBundle, isValidFor } from './chain.ts';

/** The certificate authorities that a client trusts, and the chain that the gate serves to it. */
export interface Trusting {
  /** The webhook or the kubeconfig that names the authorities. */
  readonly subject: string;
  /** PEM of the authorities. */
  readonly trust: string | undefined;
  /** The leaf first; `undefined` if doctor has not seen the chain. */
  readonly served: { readonly subject: string; readonly chain: readonly X509Certificate[] } | undefined;
  /** The name by which the API server calls the gate. */
  readonly serverName: string;
}

/** Checks that the client accepts the chain: its authorities, its name, and its lifetime. */
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
          ...examineServingUse(leaf, served.subject),
          ...(isValidFor(leaf, serverName) ? [] : [examineMissingName(leaf, served.subject, serverName)]),
        ]),
  ];
}

/** The remedy repeats the names of the certificate, because `certificate rotate` replaces them all. */
function examineMissingName(leaf: X509Certificate, subject: string, serverName: string): Finding {
  const { dns, ip } = namesOf(leaf);
  const names = [...dns, ...ip, serverName].filter((name) => PLAIN_NAME.test(name));
  const what =
    dns.length + ip.length === 0
      ? `it has no subject alternative name; the API server calls it ${serverName}, and does not check the common name`
      : `it is valid for ${leaf.subjectAltName ?? 'no name'}, but not for ${serverName}`;
  const rotate = gateCommand('certificate rotate', `--host-names ${names.join(',')}`);
  return finding('CERTIFICATE_NAME_MISSING', subject, what, remedy`${rotate}, or run bootstrap again`);
}

const PLAIN_NAME = /^[\w.*:-]{1,253}$/;

function examineAuthorities(
  subject: string,
  trust: string | undefined,
  served: Trusting['served'],
  now: Date,
): readonly Finding[] {
  if (trust === undefined || trust.trim() === '') return [finding('CA_MISSING', subject, 'it names no CA')];
  const authorities = parseBundle(trust);
  if (authorities === undefined)
    return [finding('CA_UNREADABLE', subject, 'its CA is not a certificate in PEM')];
  const useless = examineAuthorityUse(served?.chain ?? [], authorities, subject);
  const issuers = (served === undefined ? authorities : issuersOf(served.chain, authorities)).filter(
    (one) => served?.chain.some(({ raw }) => raw.equals(one.raw)) === true || isAuthorityFor(one),
  );
  if (issuers.length === 0 && useless.length > 0) return useless;
  if (issuers.length === 0)
    return [
      finding(
        'CA_MISMATCH',
        subject,
        `its CA has not signed the certificate of ${served?.subject ?? 'the gate'}`,
      ),
    ];
  const codes = { over: 'CA_EXPIRED', ending: 'CA_EXPIRING' } as const;
  // During a rotation the old CA may end: one valid issuer is enough.
  const found = issuers.map((authority) => examineValidity(authority, now, subject, codes));
  return found.some((findings) => findings.length === 0) ? [] : (found[0] ?? []);
}

function isAuthorityFor(authority: X509Certificate): boolean {
  return findUseFaults(authority, 'server authority').length === 0;
}
