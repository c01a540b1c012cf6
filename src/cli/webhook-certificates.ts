import { join } from 'node:path';
import type { KeyPair } from '../certificate/authority.ts';
import { parseCertificates, renderBundle } from '../certificate/inspect.ts';
import { completePki, signingCertificate, type FoundPki, type Pki } from '../certificate/pki.ts';
import { placesIn, readPki, type PkiFiles } from '../certificate/pki-folder.ts';
import { ensureFolder, readText, replaceText } from '../certificate/state-folder.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { GateInstallation } from '../webhook/gate-objects.ts';
import { AUTHORITY_SECRET, serviceHost, TLS_SECRET } from '../wiring/names.ts';
import { isObject } from '../document/json.ts';
import { SettingsError } from './settings-error.ts';
import type { WebhookSettings } from './webhook-settings.ts';

/** Where certificates may be already, and where new ones go. */
export interface CertificatePlaces {
  readonly cluster: KubernetesClient | undefined;
  /** The folder of `--out`. */
  readonly out: string | undefined;
  /** Where a gate that runs with `--self-signed` keeps its own. */
  readonly stateFolder: string;
  readonly now: () => Date;
}

/** Every certificate that a wiring needs. */
export interface WebhookCertificates {
  /** `undefined` for a gate outside the cluster, which has its own. */
  readonly gate: GateInstallation['certificates'] | undefined;
  /** PEM for `caBundle`; `undefined` when cert-manager fills it in. */
  readonly trust: string | undefined;
  /** Files of `--out`, by their paths within it. */
  readonly files: ReadonlyMap<string, string>;
}

const PKI_FOLDER = 'pki';

/**
 * The certificates of a wiring: what is there and good is taken as it is, the rest is made.
 * @throws {CertificateError}
 * @throws {SettingsError} SETTINGS_CONFLICT when an authority is needed and none is at hand.
 */
export async function prepareCertificates(
  settings: WebhookSettings,
  places: CertificatePlaces,
): Promise<WebhookCertificates> {
  const { address, issuer } = settings;
  if (address.form === 'url') return prepareForUrl(settings, places);
  if (issuer !== undefined)
    return { gate: { source: 'cert-manager', issuer }, trust: undefined, files: new Map() };
  return prepareForService(address.namespace, settings, places);
}

/** @throws {CertificateError} STATE_FOLDER_UNWRITABLE */
export async function writePrivately(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, text] of files) {
    const path = join(folder, name);
    if ((await readText(path)) === text) continue;
    await ensureFolder(join(path, '..'));
    await replaceText(path, text);
  }
}

async function prepareForService(
  namespace: string,
  settings: WebhookSettings,
  places: CertificatePlaces,
): Promise<WebhookCertificates> {
  const kept = await keptIn(places.out);
  const held = places.cluster && (await heldIn(places.cluster, namespace));
  requireSigner(settings, held);
  const pki = await completePki(
    { ...kept, ...held },
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
    // Without a cluster this folder is all that remembers them.
    files: filesOf(pki, places.cluster === undefined ? 'everything' : 'client'),
  };
}

async function prepareForUrl(
  settings: WebhookSettings,
  places: CertificatePlaces,
): Promise<WebhookCertificates> {
  const state = placesIn(places.stateFolder);
  const certificate = settings.authority?.certificate ?? (await readText(state.authority));
  if (certificate === undefined) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      `--ca-cert is missing: it has to name the CA of the gate's certificate, for there is none in ${state.authority}`,
    );
  }
  const trust = renderBundle(parseCertificates(certificate));
  if (settings.client === undefined || settings.client.authority !== undefined)
    return { gate: undefined, trust, files: new Map() };
  const key = settings.authority === undefined ? await readText(state.authorityKey) : settings.authority.key;
  if (key === undefined) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      '--ca-key is missing: --client-ca without a file has the CA sign the certificate of the API server',
    );
  }
  const pki = await completePki(
    { authority: { certificate, key }, client: (await keptIn(places.out)).client },
    // Only the pair of the client is wanted; the gate has its own already.
    { ...request({ ...settings, authority: undefined }, places), names: ['localhost'] },
  );
  return { gate: undefined, trust, files: filesOf(pki, 'client') };
}

function request(
  { days, authority, client }: WebhookSettings,
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

function requireSigner({ authority }: WebhookSettings, held: FoundPki | undefined): void {
  const { certificate, key } = held?.authority ?? {};
  if (authority !== undefined || certificate === undefined || key !== undefined) return;
  throw new SettingsError(
    'SETTINGS_CONFLICT',
    `--ca-cert and --ca-key are missing: Secret ${TLS_SECRET} is of an authority whose key is in no Secret ${AUTHORITY_SECRET}`,
  );
}

/** What the folder of an earlier run holds. */
async function keptIn(out: string | undefined): Promise<Required<FoundPki>> {
  return out === undefined
    ? { authority: {}, serving: {}, client: {} }
    : readPki(placesIn(join(out, PKI_FOLDER)));
}

/** What the Secrets of an earlier run hold, if there was one. */
async function heldIn(cluster: KubernetesClient, namespace: string): Promise<FoundPki | undefined> {
  const tls = await readSecret(cluster, TLS_SECRET, namespace);
  const authority = await readSecret(cluster, AUTHORITY_SECRET, namespace);
  if (tls === undefined && authority === undefined) return undefined;
  return {
    authority: {
      // During a rotation clients trust more than the one that signs, or not yet that one.
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
