import { dirname } from 'node:path';
import type { KubeconfigValue } from '../../control-plane/gate-kubeconfig.ts';
import type { GateKubeconfig, ServerPath, ServerPaths } from '../../wiring/api-server-files.ts';
import type { FetchChain, ServedCertificate } from '../certificate/served.ts';
import type { ClientAnswer, OfferPair } from '../certificate/use.ts';
import type { Credential, KubeconfigMaterial } from './material.ts';
import { describeMissing } from './named-file.ts';
import type { NodeReader } from './reader.ts';

/** Reads the certificates of the kubeconfig of `ImagePolicyWebhook`, and what is served at its address. */
export async function gatherKubeconfig(
  reader: NodeReader,
  { written, namedAt, path, opened }: GateKubeconfig,
  paths: ServerPaths,
  { fetchChain, offerPair }: { readonly fetchChain: FetchChain; readonly offerPair: OfferPair },
): Promise<KubeconfigMaterial> {
  const none = { authority: undefined, clientCertificate: undefined, clientKey: undefined };
  if (opened.state !== 'read')
    return { written, namedAt, opened, ...none, served: undefined, answer: undefined };
  const way = opened.value;
  const placed = (written: KubeconfigValue | undefined): PlacedText | undefined =>
    written && { text: written.value, place: `${path.file}:${written.position}` };
  const credential = (
    name: string,
    file: KubeconfigValue | undefined,
    data: KubeconfigValue | undefined,
  ): Promise<Credential | undefined> =>
    readCredential(reader, paths, path, { name, file: placed(file), data: placed(data) });
  const clientCertificate = await credential(
    'client-certificate',
    way.clientCertificateFile,
    way.clientCertificateData,
  );
  const clientKey = await credential('client-key', way.clientKeyFile, way.clientKeyData);
  const served = await lookAt(way.server?.value, way.serverName?.value, fetchChain);
  const pair = { certificate: clientCertificate?.text, key: clientKey?.text };
  return {
    written,
    namedAt,
    opened,
    authority: await credential('certificate-authority', way.authorityFile, way.authorityData),
    clientCertificate,
    clientKey,
    served,
    answer: await showPair(served, pair, offerPair),
  };
}

/** Shows the pair of the API server to a gate whose certificate was seen. */
async function showPair(
  served: ServedCertificate | undefined,
  { certificate, key }: { readonly certificate: string | undefined; readonly key: string | undefined },
  offerPair: OfferPair,
): Promise<ClientAnswer | undefined> {
  if (served === undefined || typeof served.chain === 'string') return undefined;
  if (certificate === undefined || key === undefined) return undefined;
  const { address, serverName } = served;
  const { hostname, port } = new URL(address);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  try {
    const isAccepted = await offerPair({ host, port: Number(port || 443), serverName }, { certificate, key });
    return { address, isAccepted };
  } catch {
    // A pair that cannot be used has a finding of its own.
    return undefined;
  }
}

/** A value of a kubeconfig, and its `file:line:column`. */
interface PlacedText {
  readonly text: string;
  readonly place: string;
}

/** PEM in a kubeconfig, or in a file that it names. If there are both, client-go uses the data in the kubeconfig. */
export async function readCredential(
  reader: NodeReader,
  paths: ServerPaths,
  kubeconfig: ServerPath,
  written: {
    /** The key that names the file. */
    readonly name: string;
    readonly file: PlacedText | undefined;
    readonly data: PlacedText | undefined;
  },
): Promise<Credential | undefined> {
  const { name, file, data } = written;
  if (data !== undefined)
    return { place: data.place, text: Buffer.from(data.text, 'base64').toString(), missing: undefined };
  if (file === undefined) return undefined;
  const place = paths.locate(file.text, dirname(kubeconfig.seen), file.place).file;
  const opened = await reader.open(place, (text) => text);
  const missing = (what: string): Credential => ({
    place,
    text: undefined,
    missing: { namedAt: file.place, what },
  });
  switch (opened.state) {
    case 'missing':
      return missing(`${name} names ${describeMissing(file.text, opened)}`);
    case 'unreadable':
      return missing(opened.problem);
    case 'unseen':
      return { place, text: undefined, missing: undefined };
    case 'read':
      return { place, text: opened.value, missing: undefined };
  }
}

/** The certificates that are served at an https URL, as this machine receives them. */
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
