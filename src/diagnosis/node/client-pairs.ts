import { isAbsolute } from 'node:path';
import { CertificateError } from '../../certificate/errors.ts';
import { isCurrent, parseCertificate, verifyKeyPair } from '../../certificate/inspect.ts';
import { examineValidity } from '../certificate/chain.ts';
import { examineClientUse, type ShownTo } from '../certificate/use.ts';
import { finding, type Finding } from '../finding.ts';
import type { ClientPair, NodeMaterial } from './material.ts';

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
    const missing = certificate === undefined ? clientCertificate : clientKey;
    return [finding('CLIENT_PAIR_UNUSABLE', missing?.place ?? subject, 'there is no such file')];
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
  const { namedIn, written, opened, pairs } = webhookUsers;
  const relative = isAbsolute(written)
    ? []
    : [finding('GATE_KUBECONFIG_RELATIVE', namedIn, `kubeConfigFile is ${written}`)];
  switch (opened.state) {
    case 'missing':
      return [...relative, finding('GATE_KUBECONFIG_MISSING', opened.file, 'there is no such file')];
    case 'unreadable':
      return [...relative, finding('GATE_KUBECONFIG_UNREADABLE', opened.file, opened.problem)];
    case 'read':
      return [
        ...relative,
        ...pairs.flatMap((pair) => examineClientPair(pair, opened.file, now, UNKNOWN_GATE)),
      ];
  }
}
