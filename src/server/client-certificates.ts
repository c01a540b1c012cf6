import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { isCurrent, isIssuedBy, nameOf } from '../certificate/inspect.ts';
import { findUseFaults } from '../certificate/use.ts';
import type { ClientRefusal } from '../telemetry/refused-clients.ts';

type Cause = Pick<ClientRefusal, 'reason' | 'problem'>;

/**
 * Why OpenSSL does not accept the certificate of a client, in words that name what to mend; `undefined` if it does.
 *
 * @param authorities the certificates that clients can come from
 */
export function findClientRefusal(
  socket: TLSSocket,
  authorities: readonly X509Certificate[],
  now: Date,
): ClientRefusal | undefined {
  if (socket.authorized) return undefined;
  // Node's types say that it is an Error. It is the name of OpenSSL's error.
  const openssl = String(socket.authorizationError);
  const { remoteAddress: address } = socket;
  try {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined)
      return { reason: 'missing', problem: 'the client sent no certificate', openssl, address };
    const [subject, issuer] = [nameOf(certificate), nameOf(certificate, 'issuer')];
    return {
      ...describe(findCauses(certificate, authorities, now), openssl),
      openssl,
      address,
      subject,
      issuer,
    };
  } catch {
    // A client can send any certificate. One that Node cannot read is refused like each other.
    return { ...describe([], openssl), openssl, address };
  }
}

/** The likeliest cause first: a certificate for another use often has another issuer as well. */
function findCauses(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  now: Date,
): readonly Cause[] {
  const { validFrom, validTo } = certificate;
  return [
    ...findUseFaults(certificate, 'client').map((problem) => ({ reason: 'use', problem }) as const),
    ...(isCurrent(certificate, now)
      ? []
      : [{ reason: 'validity', problem: `it is valid from ${validFrom} to ${validTo}` } as const]),
    ...(authorities.some((authority) => isIssuedBy(certificate, authority))
      ? []
      : [{ reason: 'issuer', problem: '--client-ca holds no CA that signed it' } as const]),
  ];
}

function describe(causes: readonly Cause[], openssl: string): Cause {
  const [first] = causes;
  if (first === undefined) return { reason: 'other', problem: `OpenSSL refuses it: ${openssl}` };
  return { reason: first.reason, problem: causes.map(({ problem }) => problem).join('; ') };
}
