import { isAbsolute } from 'node:path';
import { CertificateError } from '../../certificate/errors.ts';
import { isCurrent, parseCertificate, verifyKeyPair } from '../../certificate/inspect.ts';
import { examineValidity } from '../certificate/chain.ts';
import { examineClientUse, type ShownTo } from '../certificate/use.ts';
import { finding, type Finding } from '../finding.ts';
import type { ClientPair, NodeMaterial } from './material.ts';
import { examineNamedFile } from './named-file.ts';

/** Checks the certificate and the key that the API server shows to the gate. Without a pair it is an anonymous client. */
export function examineClientPair(
  { clientCertificate, clientKey }: ClientPair,
  file: string,
  now: Date,
  shownTo: ShownTo,
): readonly Finding[] {
  if (clientCertificate === undefined && clientKey === undefined) return [];
  const subject = clientCertificate?.place ?? clientKey?.place ?? file;
  const [certificate, key] = [clientCertificate?.text, clientKey?.text];
  if (certificate === undefined || key === undefined) {
    const absent = certificate === undefined ? clientCertificate : clientKey;
    if (absent !== undefined && absent.missing === undefined) return [];
    const what = `there is no client-${certificate === undefined ? 'certificate' : 'key'}`;
    const { namedAt = subject, what: why = what } = absent?.missing ?? {};
    return [finding('CLIENT_PAIR_UNUSABLE', namedAt, why)];
  }
  try {
    verifyKeyPair({ certificate, key });
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return [finding('CLIENT_PAIR_UNUSABLE', subject, error.message)];
  }
  const leaf = parseCertificate(certificate);
  return [
    ...examineValidity(leaf, now, subject, {
      over: 'CLIENT_CERTIFICATE_EXPIRED',
      ending: 'CLIENT_CERTIFICATE_EXPIRING',
    }),
    // That a gate refuses an ended certificate is no finding of its own.
    ...examineClientUse(leaf, subject, isCurrent(leaf, now) ? shownTo : { ...shownTo, answer: undefined }),
  ];
}

/** A kubeconfig for webhooks names hosts, and webhooks with their own gates can be anywhere. */
const UNKNOWN_GATE: ShownTo = { answer: undefined, authority: undefined };

/** Checks the kubeconfig with the credentials of the API server for webhooks, and its pairs. */
export function examineWebhookUsers({ webhookUsers, now }: NodeMaterial): readonly Finding[] {
  if (webhookUsers === undefined) return [];
  const { namedAt, written, opened, pairs } = webhookUsers;
  return [
    ...(isAbsolute(written)
      ? []
      : [finding('GATE_KUBECONFIG_RELATIVE', namedAt, `kubeConfigFile is ${JSON.stringify(written)}`)]),
    ...examineNamedFile({ name: 'kubeConfigFile', written }, webhookUsers, {
      missing: 'GATE_KUBECONFIG_MISSING',
      unreadable: 'GATE_KUBECONFIG_UNREADABLE',
    }),
    ...pairs.flatMap((pair) => examineClientPair(pair, opened.file, now, UNKNOWN_GATE)),
  ];
}
