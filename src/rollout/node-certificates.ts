import { isIP } from 'node:net';
import { join } from 'node:path';
import type { KeyPair } from '../certificate/authority.ts';
import { isCurrent, isIssuedBy, parseCertificates, verifyKeyPair } from '../certificate/inspect.ts';
import { completePki, isPair, renewalTime, type FoundPair, type PkiRequest } from '../certificate/pki.ts';
import { placesIn, readPki } from '../certificate/pki-folder.ts';
import { readText } from '../certificate/state-folder.ts';
import { API_SERVER_NAME, GATE_FILES } from '../control-plane/gate-command.ts';
import type { NodeCertificates } from '../control-plane/node-plan.ts';

/** How the serving certificate is signed: by an own CA, by a given CA, or by a signer of the cluster. */
export type SigningWay =
  | { readonly kind: 'own' }
  | { readonly kind: 'given'; readonly certificate: string; readonly key: string }
  | {
      readonly kind: 'signer';
      readonly signer: string;
      /** Whether this program approves the signing request. */
      readonly isApproved: boolean;
      /** PEM of the CA that verifies the signer's certificates. @default the CA that the cluster publishes */
      readonly trust: string | undefined;
    };

/** The settings of the certificates of a node. */
export interface NodeCertificateSettings {
  /** DNS names and addresses of the serving certificate. */
  readonly names: readonly string[];
  readonly way: SigningWay;
  /** Lifetime of new certificates, in days. */
  readonly days: number;
}

/** Gets a serving certificate from a signer. Returns the pair, and PEM of the CA that verifies it. */
export type RequestSignature = (
  way: SigningWay & { kind: 'signer' },
  names: readonly string[],
) => Promise<{ readonly serving: KeyPair; readonly trust: string }>;

interface CertificateSources {
  /** The gate's folder: on the node, or below the folder that the plan is written to. */
  readonly folder: string;
  /** Replaces private keys that cannot be used any more. */
  readonly force: boolean;
  readonly now: () => Date;
  /** `undefined` if no signer may be called, because nothing is written. */
  readonly requestSignature: RequestSignature | undefined;
}

/**
 * The certificates of a node's gate. Usable certificates are kept, and the others are made. Returns `undefined` if a
 * signer is needed but `requestSignature` is `undefined`.
 *
 * @throws {CertificateError} @throws {KubernetesError} @throws {RolloutError} NOT_SIGNED, SIGNER_UNKNOWN
 */
export async function prepareNodeCertificates(
  settings: NodeCertificateSettings,
  sources: CertificateSources,
): Promise<NodeCertificates | undefined> {
  const found = await readPki(placesIn(join(sources.folder, 'pki')));
  const request: PkiRequest = {
    names: settings.names,
    client: { commonName: API_SERVER_NAME },
    days: settings.days,
    now: sources.now,
    ...(sources.force ? { replace: 'every-key' as const } : {}),
  };
  const { way } = settings;
  switch (way.kind) {
    case 'own':
    case 'given': {
      const authority = way.kind === 'given' ? { authority: way } : {};
      const { trust, authorityKey, serving, client } = await completePki(found, { ...request, ...authority });
      if (client === undefined) return undefined;
      return { trust, authorityKey, serving, client, clientAuthority: undefined };
    }
    case 'signer':
      return signBySigner(way, request, found, sources);
  }
}

/**
 * The client pair of the API server has its own CA. Otherwise the signer would decide which clients may call the
 * gate.
 */
async function signBySigner(
  way: SigningWay & { kind: 'signer' },
  request: PkiRequest,
  found: Awaited<ReturnType<typeof readPki>>,
  { folder, requestSignature, now }: CertificateSources,
): Promise<NodeCertificates | undefined> {
  const authority = {
    certificate: await readText(join(folder, GATE_FILES.clientAuthority)),
    key: await readText(join(folder, GATE_FILES.clientAuthorityKey)),
  };
  // Only the client pair is used; the serving pair is discarded.
  const own = await completePki({ authority, client: found.client }, { ...request, names: ['localhost'] });
  const kept = keepSigned(found.serving, way.trust ?? found.authority.certificate, request.names, now());
  const signed = kept ?? (await requestSignature?.(way, request.names));
  if (signed === undefined || own.client === undefined || own.authorityKey === undefined) return undefined;
  return {
    ...signed,
    authorityKey: undefined,
    client: own.client,
    clientAuthority: { certificate: own.trust, key: own.authorityKey },
  };
}

function keepSigned(
  { certificate, key }: FoundPair,
  trust: string | undefined,
  names: readonly string[],
  now: Date,
): { readonly serving: KeyPair; readonly trust: string } | undefined {
  if (certificate === undefined || key === undefined || trust === undefined) return undefined;
  const serving = { certificate, key };
  if (!isPair(serving)) return undefined;
  const leaf = verifyKeyPair(serving);
  const isGood =
    isCurrent(leaf, now) &&
    now.getTime() < renewalTime(leaf) &&
    parseCertificates(trust).some((authority) => isIssuedBy(leaf, authority)) &&
    names.every(
      (name) =>
        (isIP(name) === 0 ? leaf.checkHost(name, { subject: 'never' }) : leaf.checkIP(name)) !== undefined,
    );
  return isGood ? { serving, trust } : undefined;
}
