import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { X509Certificate } from 'node:crypto';
import type { CertificateMaterial } from './examination.ts';
import { CertificateError } from './errors.ts';
import { hasSigned, parseCertificates, parsePrivateKey } from './inspect.ts';
import { fetchChain, type LiveAddress } from './live.ts';
import { readBounded } from '../file/bounded-file.ts';
import { MAX_PEM_BYTES } from './certificate-store.ts';

/** The texts of a Secret by their keys, decoded. */
type ReadSecret = (namespace: string, name: string) => Promise<ReadonlyMap<string, string> | undefined>;

/** Certificates that were found at one place. */
interface FoundMaterial extends CertificateMaterial {
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
 * The certificates at some places: files, folders, `host:port`, `https://…` and `secret/NAMESPACE/NAME`.
 *
 * @throws {CertificateError} PLACE_UNREADABLE, ADDRESS_UNREACHABLE, CERTIFICATE_UNREADABLE or KEY_UNREADABLE, and the
 * errors of `secretOf`
 */
export async function readMaterial(
  places: readonly string[],
  trusted: readonly X509Certificate[] | undefined,
  secretOf: ReadSecret,
): Promise<readonly FoundMaterial[]> {
  const texts: PemText[] = [];
  const found: FoundMaterial[] = [];
  for (const place of places) {
    const address = addressOf(place);
    const secret = SECRET.exec(place)?.groups;
    const files = await filesAt(place);
    if (files !== undefined) for (const file of files) texts.push(readPem(file, await readText(file)));
    else if (address !== undefined) found.push(await readLive(place, address, trusted));
    else if (secret !== undefined)
      found.push(...belongingTogether(await readSecret(place, secret, secretOf), trusted));
    else
      throw new CertificateError(
        'PLACE_UNREADABLE',
        `${place}: there is no such file, and this is neither host:port nor secret/NAMESPACE/NAME`,
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

/** The files of a path; `undefined` if it does not exist. */
async function filesAt(path: string): Promise<readonly string[] | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => PEM_NAMES.test(name));
  if (names.length > 0) return names.toSorted().map((name) => join(path, name));
  throw new CertificateError(
    'PLACE_UNREADABLE',
    `${path}: the folder contains no .crt, .pem, .cert, .cer or .key file`,
  );
}

/** @throws {CertificateError} CERTIFICATE_UNREADABLE or KEY_UNREADABLE, naming the place. */
function readPem(place: string, text: string): PemText {
  try {
    const keys = text.match(PEM_KEY) ?? [];
    for (const key of keys) parsePrivateKey(key);
    const hasNoCertificate = keys.length > 0 && !text.includes('-----BEGIN CERTIFICATE-----');
    // The file has neither a certificate nor a key. Its name decides which of the two errors is reported.
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
  { namespace = '', name = '' }: Readonly<Record<string, string>>,
  secretOf: ReadSecret,
): Promise<readonly PemText[]> {
  const texts = await secretOf(namespace, name);
  if (texts === undefined)
    throw new CertificateError('PLACE_UNREADABLE', `${place}: the cluster has no such Secret`);
  return [...texts]
    .filter(([, text]) => text.includes('-----BEGIN '))
    .map(([key, text]) => readPem(`${place} ${key}`, text));
}

async function readText(file: string): Promise<string> {
  const bytes = await readBounded(file, MAX_PEM_BYTES).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateError('PLACE_UNREADABLE', `${file}: it cannot be read: ${why}`, { cause });
  });
  if (bytes !== undefined) return bytes.toString();
  throw new CertificateError('PLACE_UNREADABLE', `${file}: it has more than ${MAX_PEM_BYTES} bytes`);
}

/** Certificates with their keys and with the CAs found beside them. A key without a certificate is assigned to every leaf. */
function belongingTogether(
  texts: readonly PemText[],
  given: readonly X509Certificate[] | undefined,
): readonly FoundMaterial[] {
  const holders = texts.filter(({ certificates }) => certificates.length > 0);
  const beside = holders.flatMap(({ certificates }) => certificates);
  // A certificate that signed another one is examined as an authority, also if it may not sign any.
  const authorities = holders.filter(
    ({ certificates: [first] }) =>
      first !== undefined &&
      (first.ca || beside.some((other) => !other.raw.equals(first.raw) && hasSigned(first, other))),
  );
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
      beside,
      calledBy: undefined,
    };
  });
}
