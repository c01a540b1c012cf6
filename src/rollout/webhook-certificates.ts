import { join } from 'node:path';
import type { KeyPair } from '../certificate/authority.ts';
import { parseCertificates, renderBundle } from '../certificate/inspect.ts';
import { completePki, signingCertificate, type FoundPki, type Pki } from '../certificate/pki.ts';
import { placesIn, readPki, type PkiFiles } from '../certificate/pki-folder.ts';
import { ensureFolder, type NewText, readText, replaceTexts } from '../certificate/state-folder.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { GateAddress } from '../webhook/configuration.ts';
import type { AdmittedClient } from '../webhook/gate-deployment.ts';
import type { GateInstallation, IssuedCertificates } from '../webhook/gate-objects.ts';
import { AUTHORITY_SECRET, serviceHost, TLS_SECRET } from '../wiring/names.ts';
import { isObject } from '../document/json.ts';
import { RolloutError } from './progress.ts';

/** A CA that the user gives, for signing. */
export interface GivenAuthority {
  readonly certificate: string;
  readonly key: string | undefined;
}

/** The settings of the certificates of a webhook. */
export interface WebhookCertificateSettings {
  readonly address: GateAddress;
  /** Lifetime of new certificates, in days. */
  readonly days: number;
  /** CA that signs. @default a new CA, or the one of an earlier run */
  readonly authority: GivenAuthority | undefined;
  /** Issuer of cert-manager that makes the certificate, instead of a CA. */
  readonly issuer: IssuedCertificates['issuer'] | undefined;
  /** The only client that the gate accepts. @default every client */
  readonly client: AdmittedClient | undefined;
}

/** Places that may hold certificates of an earlier run. */
export interface CertificatePlaces {
  readonly cluster: KubernetesClient | undefined;
  /** Folder that the plan is written to. */
  readonly out: string | undefined;
  /** Folder of a gate on this machine that makes its own certificate. */
  readonly stateFolder: string;
  readonly now: () => Date;
}

/** Every certificate that a wiring needs. */
export interface WebhookCertificates {
  /** `undefined` for a gate outside the cluster, which has a certificate already. */
  readonly gate: GateInstallation['certificates'] | undefined;
  /** PEM for `caBundle`; `undefined` when cert-manager fills it in. */
  readonly trust: string | undefined;
  /** Files by their paths in the folder of `out`. */
  readonly files: ReadonlyMap<string, string>;
}

const PKI_FOLDER = 'pki';

/**
 * The certificates of a wiring. Usable certificates are kept, and the others are made.
 * @throws {CertificateError}
 * @throws {RolloutError} AUTHORITY_UNKNOWN, AUTHORITY_KEY_UNKNOWN
 */
export async function prepareCertificates(
  settings: WebhookCertificateSettings,
  places: CertificatePlaces,
): Promise<WebhookCertificates> {
  const { address, issuer } = settings;
  if (address.form === 'url') return prepareForUrl(settings, places);
  if (issuer !== undefined)
    return { gate: { source: 'cert-manager', issuer }, trust: undefined, files: new Map() };
  return prepareForService(address.namespace, settings, places);
}

/**
 * Writes files that only their owner can read, all or none; unchanged files are not written.
 * @throws {CertificateError} STATE_FOLDER_UNWRITABLE
 */
export async function writePrivately(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const changes: NewText[] = [];
  for (const [name, text] of files) {
    const file = join(folder, name);
    if ((await readText(file)) === text) continue;
    await ensureFolder(join(file, '..'));
    changes.push({ file, text });
  }
  await replaceTexts(changes);
}

async function prepareForService(
  namespace: string,
  settings: WebhookCertificateSettings,
  places: CertificatePlaces,
): Promise<WebhookCertificates> {
  const written = await inFolder(places.out);
  const stored = places.cluster && (await inSecrets(places.cluster, namespace));
  requireSigner(settings, stored);
  const pki = await completePki(
    { ...written, ...stored },
    { ...request(settings, places), names: [serviceHost(namespace)] },
  );
  const trust = renderBundle(parseCertificates(pki.trust));
  const authority =
    pki.authorityKey === undefined
      ? undefined
      : { certificate: String(signingCertificate(pki.trust, pki.authorityKey)), key: pki.authorityKey };
  return {
    gate: { source: 'own', serving: pki.serving, trust, authority },
    trust,
    // Without a cluster, the CA and the serving pair are stored only in this folder.
    files: filesOf(pki, places.cluster === undefined ? 'everything' : 'client'),
  };
}

async function prepareForUrl(
  settings: WebhookCertificateSettings,
  places: CertificatePlaces,
): Promise<WebhookCertificates> {
  const state = placesIn(places.stateFolder);
  const certificate = settings.authority?.certificate ?? (await readText(state.authority));
  if (certificate === undefined) {
    throw new RolloutError(
      'AUTHORITY_UNKNOWN',
      `the CA of the gate's certificate is not known, because ${state.authority} does not exist`,
    );
  }
  const trust = renderBundle(parseCertificates(certificate));
  if (settings.client === undefined || settings.client.authority !== undefined)
    return { gate: undefined, trust, files: new Map() };
  const key = settings.authority === undefined ? await readText(state.authorityKey) : settings.authority.key;
  if (key === undefined) {
    throw new RolloutError(
      'AUTHORITY_KEY_UNKNOWN',
      'the CA has to sign the client certificate of the API server, but the key of the CA is not known',
    );
  }
  const pki = await completePki(
    { authority: { certificate, key }, client: (await inFolder(places.out)).client },
    // Only the client pair is needed: the gate has a certificate already.
    { ...request({ ...settings, authority: undefined }, places), names: ['localhost'] },
  );
  return { gate: undefined, trust, files: filesOf(pki, 'client') };
}

function request(
  { days, authority, client }: WebhookCertificateSettings,
  { now }: CertificatePlaces,
): Omit<Parameters<typeof completePki>[1], 'names'> {
  return {
    days,
    now,
    ...(authority?.key !== undefined && {
      authority: { certificate: authority.certificate, key: authority.key },
    }),
    ...(client !== undefined &&
      client.authority === undefined && { client: { commonName: client.commonName } }),
  };
}

function requireSigner({ authority }: WebhookCertificateSettings, stored: FoundPki | undefined): void {
  const { certificate, key } = stored?.authority ?? {};
  if (authority !== undefined || certificate === undefined || key !== undefined) return;
  throw new RolloutError(
    'AUTHORITY_KEY_UNKNOWN',
    `the key of the CA in Secret ${TLS_SECRET} is not known, because Secret ${AUTHORITY_SECRET} does not contain it`,
  );
}

/** The certificates that an earlier run wrote to the folder. */
async function inFolder(out: string | undefined): Promise<Required<FoundPki>> {
  return out === undefined
    ? { authority: {}, serving: {}, client: {} }
    : readPki(placesIn(join(out, PKI_FOLDER)));
}

/** The certificates in the Secrets of an earlier run. */
async function inSecrets(cluster: KubernetesClient, namespace: string): Promise<FoundPki | undefined> {
  const tls = await readSecret(cluster, TLS_SECRET, namespace);
  const authority = await readSecret(cluster, AUTHORITY_SECRET, namespace);
  if (tls === undefined && authority === undefined) return undefined;
  return {
    authority: {
      // During a rotation, clients trust more CAs, or they do not trust the signing CA yet.
      certificate: joinBundles(tls?.['ca.crt'], authority?.['tls.crt']),
      key: authority?.['tls.key'],
    },
    serving: { certificate: tls?.['tls.crt'], key: tls?.['tls.key'] },
  };
}

function joinBundles(...bundles: readonly (string | undefined)[]): string | undefined {
  const certificates = bundles.flatMap((bundle) => (bundle === undefined ? [] : parseCertificates(bundle)));
  return certificates.length === 0 ? undefined : renderBundle(certificates);
}

async function readSecret(
  cluster: KubernetesClient,
  name: string,
  namespace: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  const secret = await cluster.get({ apiVersion: 'v1', kind: 'Secret', name, namespace });
  const data = secret?.['data'];
  if (!isObject(data)) return undefined;
  const texts = Object.entries(data).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts.map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]));
}

function filesOf(pki: Pki, which: 'everything' | 'client'): ReadonlyMap<string, string> {
  const { client }: { readonly client: KeyPair | undefined } = pki;
  const names: PkiFiles = placesIn(PKI_FOLDER);
  const files: [string, string | undefined][] = [
    [names.clientKey, client?.key],
    [names.clientCertificate, client?.certificate],
  ];
  if (which === 'everything') {
    files.push(
      [names.authorityKey, pki.authorityKey],
      [names.authority, pki.trust],
      [names.key, pki.serving.key],
      [names.certificate, pki.serving.certificate],
    );
  }
  return new Map(files.filter((file): file is [string, string] => file[1] !== undefined));
}
