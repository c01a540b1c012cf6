import type { X509Certificate } from 'node:crypto';
import { CertificateError } from '../../certificate/errors.ts';
import { verifyKeyPair } from '../../certificate/inspect.ts';
import type { KubernetesObject } from '../../kubernetes/object.ts';
import { isObject } from '../../document/json.ts';
import { TLS_SECRET } from '../../wiring/names.ts';
import { parseBundle } from '../certificate/chain.ts';
import { examineTrust, type Trusting } from '../certificate/trust.ts';
import { finding, type Finding } from '../finding.ts';
import { describeWebhook, type SeenWebhook } from '../webhook/seen-webhook.ts';
import { addressOf, type ClusterMaterial, type GateMaterial } from './material.ts';

/** Whether the API server, by its own clock, trusts the certificate that the gate shows. */
export function examineCertificates(material: ClusterMaterial): readonly Finding[] {
  const { webhooks, clockAheadMs = 0 } = material;
  const now = new Date(material.now.getTime() + clockAheadMs);
  const found = webhooks.flatMap((webhook) => examineTrust(trustingOf(webhook, material), now));
  // Webhooks of one configuration call the same gate: what is wrong with its certificate is said once.
  return [
    ...new Map(found.map((one) => [`${one.code} ${one.subject}`, one])).values(),
    ...examineUnseen(material),
    ...examineServingSecret(material),
  ];
}

function trustingOf(webhook: SeenWebhook, { served, gate }: ClusterMaterial): Trusting {
  const address = addressOf(webhook);
  const seen = served.find((one) => one.address === address);
  const { target } = webhook;
  const serverName =
    target.form === 'service' ? `${target.name}.${target.namespace}.svc` : (seen?.serverName ?? '');
  const subject = describeWebhook(webhook);
  if (seen !== undefined && typeof seen.chain !== 'string')
    return { subject, trust: webhook.trust, serverName, served: { subject: address, chain: seen.chain } };
  // The Secret speaks for the Service beside it, and for no other.
  const isBeside = target.form === 'service' && target.namespace === gate.namespace;
  const held = isBeside ? heldChain(gate) : undefined;
  const stored = held && { subject: secretOf(gate), chain: held };
  return { subject, trust: webhook.trust, serverName, served: stored };
}

/** Of what cannot be seen from here, the Secret tells. */
function examineUnseen({ served }: ClusterMaterial): readonly Finding[] {
  return served.flatMap(({ address, chain }) =>
    typeof chain === 'string'
      ? [finding('CERTIFICATE_UNSEEN', address, `it could not be reached from here: ${chain}`)]
      : [],
  );
}

function examineServingSecret(material: ClusterMaterial): readonly Finding[] {
  const { gate, served } = material;
  const { servingSecret: secret } = gate;
  if (gate.deployment === undefined || secret === 'unread') return [];
  const subject = secretOf(gate);
  if (secret === 'none') return [finding('SERVING_SECRET_MISSING', subject, 'there is none')];
  try {
    verifyKeyPair({ certificate: textOf(secret, 'tls.crt'), key: textOf(secret, 'tls.key') });
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return [finding('SERVING_PAIR_UNUSABLE', subject, error.message)];
  }
  const [held] = heldChain(gate) ?? [];
  const shown = served.find(({ address }) => address.startsWith('Service '));
  const [leaf] = shown === undefined || typeof shown.chain === 'string' ? [] : shown.chain;
  if (held === undefined || leaf === undefined || leaf.raw.equals(held.raw)) return [];
  return [
    finding(
      'CERTIFICATE_STALE',
      shown?.address ?? '',
      `it serves another certificate than that of ${subject}`,
    ),
  ];
}

function heldChain({ servingSecret }: GateMaterial): readonly X509Certificate[] | undefined {
  return typeof servingSecret === 'object' ? parseBundle(textOf(servingSecret, 'tls.crt')) : undefined;
}

function secretOf({ namespace }: GateMaterial): string {
  return `Secret ${namespace}/${TLS_SECRET}`;
}

function textOf({ data }: KubernetesObject, key: string): string {
  const encoded = isObject(data) ? data[key] : undefined;
  return typeof encoded === 'string' ? Buffer.from(encoded, 'base64').toString() : '';
}

/** What is tolerated: the header is to the second, and an answer may have been long on its way. */
const TOLERATED_MS = 30_000;

/** Whether the API server and we agree on the time. */
export function examineClock({ clockAheadMs, server }: ClusterMaterial): readonly Finding[] {
  if (clockAheadMs === undefined || Math.abs(clockAheadMs) <= TOLERATED_MS) return [];
  const seconds = Math.round(Math.abs(clockAheadMs) / 1000);
  const what = `its clock is ${seconds} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} ours`;
  return [finding('CLOCK_DIFFERS', server, what)];
}
