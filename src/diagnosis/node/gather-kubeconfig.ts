import { dirname, isAbsolute, join } from 'node:path';
import { type KubeconfigValue, parseGateKubeconfig } from '../../control-plane/gate-kubeconfig.ts';
import type { FetchChain, ServedCertificate } from '../certificate/served.ts';
import type { ServerPaths } from './server-paths.ts';
import type { Credential, KubeconfigMaterial } from './material.ts';
import type { NodeReader } from './reader.ts';

/** Reads the kubeconfig of `ImagePolicyWebhook`, what it names, and what is served where it leads. */
export async function gatherKubeconfig(
  reader: NodeReader,
  { written, path }: { readonly written: string; readonly path: string },
  paths: ServerPaths,
  fetchChain: FetchChain,
): Promise<KubeconfigMaterial> {
  const opened = await reader.open(path, parseGateKubeconfig);
  const none = { authority: undefined, clientCertificate: undefined, clientKey: undefined };
  if (opened.state !== 'read') return { written, opened, ...none, served: undefined };
  const way = opened.value;
  const credential = (
    file: KubeconfigValue | undefined,
    data: KubeconfigValue | undefined,
  ): Promise<Credential | undefined> =>
    readCredential(reader, paths, path, {
      file: file?.value,
      data: data && { text: data.value, place: `${path}:${data.position}` },
    });
  return {
    written,
    opened,
    authority: await credential(way.authorityFile, way.authorityData),
    clientCertificate: await credential(way.clientCertificateFile, way.clientCertificateData),
    clientKey: await credential(way.clientKeyFile, way.clientKeyData),
    served: await lookAt(way.server?.value, way.serverName?.value, fetchChain),
  };
}

/** PEM that a kubeconfig names or holds. As client-go has it, data wins over a file. */
export async function readCredential(
  reader: NodeReader,
  paths: ServerPaths,
  kubeconfig: string,
  written: {
    readonly file: string | undefined;
    readonly data: { readonly text: string; readonly place: string } | undefined;
  },
): Promise<Credential | undefined> {
  const { file, data } = written;
  if (data !== undefined) return { place: data.place, text: Buffer.from(data.text, 'base64').toString() };
  if (file === undefined) return undefined;
  const place = isAbsolute(file) ? paths.of(file) : join(dirname(kubeconfig), file);
  return { place, text: (await reader.find(place))?.content.toString() };
}

/** What is served at an https URL, as it is seen from here. */
export async function lookAt(
  server: string | undefined,
  serverName: string | undefined,
  fetchChain: FetchChain,
): Promise<ServedCertificate | undefined> {
  const url = server === undefined ? null : URL.parse(server);
  if (url === null || url.protocol !== 'https:') return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const name = serverName ?? host;
  try {
    const chain = await fetchChain({ host, port: Number(url.port || 443), serverName: name });
    return { address: url.origin, serverName: name, chain };
  } catch (error) {
    return {
      address: url.origin,
      serverName: name,
      chain: error instanceof Error ? error.message : String(error),
    };
  }
}
