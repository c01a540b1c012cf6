// Real certificates, made once for all tests of a process.
import { createAuthority } from '../../src/certificate/authority.ts';
import { parseCertificate } from '../../src/certificate/inspect.ts';
import { GATE_NAME, serviceHost } from '../../src/wiring/names.ts';

const DAY_MS = 86_400_000;

/** The first second of the validity of every certificate here. */
export const ISSUED = new Date('2026-01-01T00:00:00Z');

/** A moment after {@link ISSUED}. */
export function dayAfter(days: number): Date {
  return new Date(ISSUED.getTime() + days * DAY_MS);
}

/** The certificate authority of the gate, for ten years. */
export const gateAuthority = await createAuthority({ commonName: 'gate', notBefore: ISSUED, days: 3650 });

/** A certificate authority that signed no certificate of the gate, for ten years. */
export const otherAuthority = await createAuthority({ commonName: 'other', notBefore: ISSUED, days: 3650 });

/**
 * The serving certificate and key of the gate, for 90 days: for the name of its Service, and for the machine itself.
 */
export const servingPair = await gateAuthority.issueServing({
  commonName: GATE_NAME,
  dnsNames: [serviceHost(GATE_NAME)],
  ipAddresses: ['127.0.0.1'],
  notBefore: ISSUED,
  days: 90,
});

/** Another serving certificate and key of the gate. */
export const renewedPair = await gateAuthority.issueServing({
  commonName: GATE_NAME,
  dnsNames: [serviceHost(GATE_NAME)],
  ipAddresses: ['127.0.0.1'],
  notBefore: ISSUED,
  days: 90,
});

/** The client certificate and key of the API server, for 90 days. */
export const clientPair = await gateAuthority.issueClient({
  commonName: 'kube-apiserver',
  notBefore: ISSUED,
  days: 90,
});

/** The chain that the gate presents. */
export const servedChain = [parseCertificate(servingPair.certificate)];
