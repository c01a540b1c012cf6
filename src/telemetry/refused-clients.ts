import { quote } from '../image/quote.ts';
import type { Log } from './log.ts';

/**
 * Why a client could not connect: `missing`: it sent no certificate; `use`: its certificate is not for a client; `validity`:
 * its certificate has ended, or begins later; `issuer`: no CA of the gate signed it; `other`: another error of OpenSSL.
 */
export const CLIENT_REFUSAL_REASONS = ['missing', 'use', 'validity', 'issuer', 'other'] as const;

export type ClientRefusalReason = (typeof CLIENT_REFUSAL_REASONS)[number];

/** A client that could not connect, because of its certificate. */
export interface ClientRefusal {
  readonly reason: ClientRefusalReason;
  /** Clauses with the certificate as their subject. */
  readonly problem: string;
  /** The name of OpenSSL's error, such as `INVALID_PURPOSE`. */
  readonly openssl: string;
  readonly address: string | undefined;
  /** Subject and issuer of the certificate as they are written in it; `undefined` if there is none. */
  readonly subject?: string;
  readonly issuer?: string;
}

const PAUSE_MS = 10_000;
const MAX_NAME = 256;

/**
 * Counts each client that could not connect. Logs each reason at most once in ten seconds, with the last of these clients
 * and with their number, so that clients cannot fill the log.
 */
export function refusedClients(
  log: Pick<Log, 'write'>,
  metrics: { readonly countRefusedClient: (reason: ClientRefusalReason) => void },
): (refusal: ClientRefusal) => void {
  const waiting = new Map<ClientRefusalReason, { last: ClientRefusal; clients: number }>();
  const writeLine = (reason: ClientRefusalReason): void => {
    const waited = waiting.get(reason);
    waiting.delete(reason);
    if (waited === undefined || waited.clients === 0) return;
    const { last, clients } = waited;
    const { subject, issuer } = last;
    waiting.set(reason, { last, clients: 0 });
    setTimeout(() => writeLine(reason), PAUSE_MS).unref();
    log.write('warn', 'client certificate refused', {
      code: 'CLIENT_CERTIFICATE_REFUSED',
      ...last,
      ...(subject !== undefined && { subject: quote(subject, MAX_NAME) }),
      ...(issuer !== undefined && { issuer: quote(issuer, MAX_NAME) }),
      clients,
    });
  };
  return (refusal) => {
    const { reason } = refusal;
    metrics.countRefusedClient(reason);
    const waited = waiting.get(reason);
    waiting.set(reason, { last: refusal, clients: (waited?.clients ?? 0) + 1 });
    if (waited === undefined) writeLine(reason);
  };
}
