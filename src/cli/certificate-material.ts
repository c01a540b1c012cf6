import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { X509Certificate } from 'node:crypto';
import type { CertificateMaterial } from '../certificate/examination.ts';
import { CertificateError } from '../certificate/errors.ts';
import { parseCertificates, parsePrivateKey } from '../certificate/inspect.ts';
import { fetchChain, type LiveAddress } from '../certificate/live.ts';
import { openCluster, type ClusterChoice } from '../kubernetes/config.ts';
import { isObject } from '../document/json.ts';
import { readSetting } from './settings.ts';
import { SettingsError } from './settings-error.ts';

/** Certificates that were found at one place. */
export interface FoundMaterial extends CertificateMaterial {
  /** A file, an address, or a key of a Secret. */
  readonly place: string;
}

/** Certificates and keys of one text. */
interface PemText {
  readonly place: string;
  readonly certificates: readonly X509Certificate[];
  readonly keys: readonly string[];
}

const LIVE_TIMEOUT_MS = 10_000;
const PEM_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----/g;
const PEM_NAMES = /\.(crt|pem|cert|cer|key)$/;
const ADDRESS = /^(?<host>[^:/[\]]+|\[[^\]]+\]):(?<port>\d{1,5})$/;
const SECRET = /^secret\/(?<namespace>[^/]+)\/(?<name>[^/]+)$/;

/**
 * What is at the places that a person names: files, folders, addresses and Secrets.
 *
 * @throws {SettingsError} FILE_UNREADABLE, SETTING_INVALID @throws {CertificateError} ADDRESS_UNREACHABLE
 * @throws {KubernetesError}
 */
export async function readMaterial(
  places: readonly string[],
  trusted: readonly X509Certificate[] | undefined,
  cluster: ClusterChoice,
): Promise<readonly FoundMaterial[]> {
  const texts: PemText[] = [];
  const found: FoundMaterial[] = [];
  for (const place of places) {
    const address = addressOf(place);
    const secret = SECRET.exec(place)?.groups;
    const files = await filesAt(place);
    if (files !== undefined)
      for (const file of files) texts.push(readPem(file, await readSetting('a place to look at', file)));
    else if (address !== undefined) found.push(await readLive(place, address, trusted));
    else if (secret !== undefined)
      found.push(...belongingTogether(await readSecret(place, secret, cluster), trusted));
    else
      throw new SettingsError(
        'FILE_UNREADABLE',
        `${place}: there is no such file, and it is no host:port and no secret/NAMESPACE/NAME`,
      );
  }
  return [...belongingTogether(texts, trusted), ...found];
}

/** `host:port`, or `https://…`; `undefined` for anything else. */
export function addressOf(place: string): LiveAddress | undefined {
  const url = place.startsWith('https://') ? URL.parse(place) : null;
  const { host = url?.hostname, port = url && (url.port === '' ? '443' : url.port) } =
    ADDRESS.exec(place)?.groups ?? {};
  if (host === undefined || port === undefined || port === null || Number(port) > 65535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** The files of a path; `undefined` when nothing is there. */
async function filesAt(path: string): Promise<readonly string[] | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => PEM_NAMES.test(name));
  if (names.length > 0) return names.toSorted().map((name) => join(path, name));
  throw new SettingsError(
    'FILE_UNREADABLE',
    `${path}: the folder holds no .crt, .pem, .cert, .cer or .key file`,
  );
}

/** @throws {CertificateError} CERTIFICATE_UNREADABLE or KEY_UNREADABLE, naming the place. */
function readPem(place: string, text: string): PemText {
  try {
    const keys = text.match(PEM_KEY) ?? [];
    for (const key of keys) parsePrivateKey(key);
    const hasNoCertificate = keys.length > 0 && !text.includes('-----BEGIN CERTIFICATE-----');
    // A name says what should have been in a file that holds neither.
    if (keys.length === 0 && place.endsWith('.key')) parsePrivateKey(text);
    return { place, certificates: hasNoCertificate ? [] : parseCertificates(text), keys };
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    throw new CertificateError(cause.code, `${place}: ${cause.message}`, { cause });
  }
}

async function readLive(
  place: string,
  address: LiveAddress,
  trusted: readonly X509Certificate[] | undefined,
): Promise<FoundMaterial> {
  const certificates = await fetchChain(address, LIVE_TIMEOUT_MS);
  return { place, certificates, keys: [], trusted, calledBy: address.host };
}

async function readSecret(
  place: string,
  { namespace, name = '' }: Readonly<Record<string, string>>,
  choice: ClusterChoice,
): Promise<readonly PemText[]> {
  const cluster = await openCluster(choice);
  const secret = await cluster.get({
    apiVersion: 'v1',
    kind: 'Secret',
    name,
    ...(namespace !== undefined && { namespace }),
  });
  if (secret === undefined)
    throw new SettingsError('FILE_UNREADABLE', `${place}: ${cluster.server} has no such Secret`);
  const data = isObject(secret['data']) ? secret['data'] : {};
  return Object.entries(data)
    .map(([key, value]) => ({ key, text: Buffer.from(String(value), 'base64').toString() }))
    .filter(({ text }) => text.includes('-----BEGIN '))
    .map(({ key, text }) => readPem(`${place} ${key}`, text));
}

/** A file that begins with an authority says who is trusted; a key that is nobody's should be one of the leaves'. */
function belongingTogether(
  texts: readonly PemText[],
  given: readonly X509Certificate[] | undefined,
): readonly FoundMaterial[] {
  const holders = texts.filter(({ certificates }) => certificates.length > 0);
  const authorities = holders.filter(({ certificates }) => certificates[0]?.ca === true);
  const trusted =
    given ?? (authorities.length === 0 ? undefined : authorities.flatMap(({ certificates }) => certificates));
  const keys = texts.flatMap((text) => text.keys);
  const owns = (certificates: readonly X509Certificate[], key: string) =>
    certificates.some((certificate) => certificate.checkPrivateKey(parsePrivateKey(key)));
  const orphans = keys.filter((key) => !holders.some(({ certificates }) => owns(certificates, key)));
  return holders.map((holder) => {
    const isLeaf = !authorities.includes(holder) || authorities.length === holders.length;
    const own = keys.filter((key) => owns(holder.certificates, key));
    return {
      place: holder.place,
      certificates: holder.certificates,
      keys: own.length > 0 || !isLeaf ? own : orphans,
      trusted,
      calledBy: undefined,
    };
  });
}
