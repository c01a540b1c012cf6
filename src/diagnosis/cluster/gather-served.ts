import { isObject } from '../../document/json.ts';
import type { SeenWebhook } from '../../wiring/webhook-configuration.ts';
import type { FetchChain, ServedCertificate } from '../certificate/served.ts';
import { addressOf, type GateMaterial } from './material.ts';

/** Fetches the served certificates, once for each address. An address that doctor cannot reach is no fault. */
export async function gatherServed(
  webhooks: readonly SeenWebhook[],
  gate: GateMaterial,
  fetchChain: FetchChain,
): Promise<readonly ServedCertificate[]> {
  const addresses = new Map(webhooks.map((webhook) => [addressOf(webhook), webhook]));
  return Promise.all(
    [...addresses].map(async ([address, { target }]) => {
      const place = target.form === 'url' ? placeOfUrl(target.url) : placeOfService(target, gate);
      if (place === undefined) return { address, serverName: '', chain: 'it has no address' };
      const { serverName } = place;
      try {
        return { address, serverName, chain: await fetchChain(place) };
      } catch (error) {
        return { address, serverName, chain: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

type Place = Parameters<FetchChain>[0];

function placeOfUrl(url: string): Place | undefined {
  const parsed = URL.parse(url);
  if (parsed === null) return undefined;
  // A URL writes an IPv6 address in brackets.
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(parsed.port || 443), serverName: host };
}

/** The cluster address: the API server does not use the DNS of the cluster either. */
function placeOfService(
  target: SeenWebhook['target'] & { readonly form: 'service' },
  gate: GateMaterial,
): Place | undefined {
  const spec = gate.services.get(`${target.namespace}/${target.name}`)?.service['spec'];
  const clusterIP = isObject(spec) ? spec['clusterIP'] : undefined;
  if (typeof clusterIP !== 'string' || clusterIP === 'None' || clusterIP === '') return undefined;
  return { host: clusterIP, port: target.port, serverName: `${target.name}.${target.namespace}.svc` };
}
