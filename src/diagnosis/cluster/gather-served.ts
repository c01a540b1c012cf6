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
      const server = target.form === 'url' ? addressOfUrl(target.url) : addressOfService(target, gate);
      if (server === undefined) return { address, serverName: '', chain: 'it has no address' };
      const { serverName } = server;
      try {
        return { address, serverName, chain: await fetchChain(server) };
      } catch (error) {
        return { address, serverName, chain: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

type ServerAddress = Parameters<FetchChain>[0];

function addressOfUrl(url: string): ServerAddress | undefined {
  const parsed = URL.parse(url);
  if (parsed === null) return undefined;
  // A URL writes an IPv6 address in brackets.
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(parsed.port || 443), serverName: host };
}

/** The cluster IP of the Service. The API server does not use the DNS of the cluster either. */
function addressOfService(
  target: SeenWebhook['target'] & { readonly form: 'service' },
  gate: GateMaterial,
): ServerAddress | undefined {
  const spec = gate.services.get(`${target.namespace}/${target.name}`)?.service['spec'];
  const clusterIP = isObject(spec) ? spec['clusterIP'] : undefined;
  if (typeof clusterIP !== 'string' || clusterIP === 'None' || clusterIP === '') return undefined;
  return { host: clusterIP, port: target.port, serverName: `${target.name}.${target.namespace}.svc` };
}
