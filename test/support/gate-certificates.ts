// Real certificates, made once for all tests of a process.
import { createAuthority } from '../../src/certificate/authority.ts';
import { parseCertificate } from '../../src/certificate/inspect.ts';
import { GATE_NAME, serviceHost } from '../../src/wiring/names.ts';

const DAY_MS = 86_400_000;

/** The first second of every certificate here. */
export const ISSUED = new Date('2026-01-01T00:00:00Z');

/** A moment after {@link ISSUED}. */
export function dayAfter(days: number): Date {
  return new Date(ISSUED.getTime() + days * DAY_MS);
}

/** The certificate authority of the gate, for ten years. */
export const gateAuthority = await createAuthority({ commonName: 'gate', notBefore: ISSUED, days: 3650 });

/** A certificate authority that has signed nothing of the gate, for ten years. */
export const otherAuthority = await createAuthority({ commonName: 'other', notBefore: ISSUED, days: 3650 });

/** The pair that the gate serves with, for 90 days: under the name of its Service, and on the machine itself. */
export const servingPair = await gateAuthority.issueServing({
  commonName: GATE_NAME,
  dnsNames: [serviceHost(GATE_NAME)],
  ipAddresses: ['127.0.0.1'],
  notBefore: ISSUED,
  days: 90,
});

/** The pair that the API server shows to the gate, for 90 days. */
export const clientPair = await gateAuthority.issueClient({
  commonName: 'kube-apiserver',
  notBefore: ISSUED,
  days: 90,
});

/** The chain that the gate shows. */
export const servedChain = [parseCertificate(servingPair.certificate)];
