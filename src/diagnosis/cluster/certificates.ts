import type { X509Certificate } from 'node:crypto';
import { CertificateError } from '../../certificate/errors.ts';
import { verifyKeyPair } from '../../certificate/inspect.ts';
import { findUseFaults } from '../../certificate/use.ts';
import type { KubernetesObject } from '../../kubernetes/object.ts';
import { isObject } from '../../document/json.ts';
import { TLS_SECRET } from '../../wiring/names.ts';
import { parseBundle } from '../certificate/chain.ts';
import { examineTrust, type Trusting } from '../certificate/trust.ts';
import { finding, type Finding } from '../finding.ts';
import { describeWebhook, type SeenWebhook } from '../../wiring/webhook-configuration.ts';
import { addressOf, type ClusterMaterial, type GateMaterial } from './material.ts';

/** Checks that the API server trusts the certificate that the gate serves, by the clock of the API server. */
export function examineCertificates(material: ClusterMaterial): readonly Finding[] {
  const { webhooks, clockAheadMs = 0 } = material;
  const now = new Date(material.now.getTime() + clockAheadMs);
  const found = webhooks.flatMap((webhook) => examineTrust(trustingOf(webhook, material), now));
  // Webhooks of one configuration call the same gate: report each fault of its certificate once.
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
  // The Secret has the certificate of the Service in the same namespace only.
  const isBeside = target.form === 'service' && target.namespace === gate.namespace;
  const held = isBeside ? heldChain(gate) : undefined;
  const stored = held && { subject: secretOf(gate), chain: held };
  return { subject, trust: webhook.trust, serverName, served: stored };
}

/** The addresses whose certificate in the Secret was already examined. */
function examineUnseen({ served }: ClusterMaterial): readonly Finding[] {
  return served.flatMap(({ address, chain }) =>
    typeof chain === 'string'
      ? [finding('CERTIFICATE_UNSEEN', address, `doctor could not reach it: ${chain}`)]
      : [],
  );
}

function examineServingSecret(material: ClusterMaterial): readonly Finding[] {
  const { gate, served } = material;
  const { servingSecret: secret } = gate;
  if (gate.deployment === undefined || secret === 'unread') return [];
  const subject = secretOf(gate);
  if (secret === 'none') return [finding('SERVING_SECRET_MISSING', subject, 'it does not exist')];
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
    ...findUseFaults(held, 'server').map((fault) => finding('CERTIFICATE_UNSUITABLE', subject, fault)),
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

/** Differences up to this are not reported, because the `Date` header has whole seconds and an answer takes time. */
const TOLERATED_MS = 30_000;

/** Compares the clock of the API server with the clock of this machine. */
export function examineClock({ clockAheadMs, server }: ClusterMaterial): readonly Finding[] {
  if (clockAheadMs === undefined || Math.abs(clockAheadMs) <= TOLERATED_MS) return [];
  const seconds = Math.round(Math.abs(clockAheadMs) / 1000);
  const what = `its clock is ${seconds} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} the clock of this machine`;
  return [finding('CLOCK_DIFFERS', server, what)];
}
