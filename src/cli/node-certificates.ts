import { isIP } from 'node:net';
import { join } from 'node:path';
import type { KeyPair } from '../certificate/authority.ts';
import { isCurrent, isIssuedBy, parseCertificates, verifyKeyPair } from '../certificate/inspect.ts';
import { completePki, isPair, renewalTime, type FoundPair, type PkiRequest } from '../certificate/pki.ts';
import { placesIn, readPki } from '../certificate/pki-folder.ts';
import { readText } from '../certificate/state-folder.ts';
import { API_SERVER_NAME, GATE_FILES } from '../control-plane/gate-command.ts';
import type { NodeCertificates } from '../control-plane/node-plan.ts';
import type { NodeSettings, SigningWay } from './image-policy-settings.ts';

/** Asks somebody else to sign a serving certificate; gives the pair, and what it is verified by. */
export type RequestSignature = (
  way: SigningWay & { kind: 'signer' },
  names: readonly string[],
) => Promise<{ readonly serving: KeyPair; readonly trust: string }>;

export interface CertificateSurroundings {
  /** Where the gate's folder is at the moment: on the node, or below the folder of `--out`. */
  readonly folder: string;
  /** Private keys may be replaced. */
  readonly force: boolean;
  readonly now: () => Date;
  /** `undefined`: nobody is asked, for nothing is written. */
  readonly requestSignature: RequestSignature | undefined;
}

/**
 * The certificates of a node's gate: what is there and good stays, the rest is made. `undefined` when somebody else
 * has to sign and may not be asked now.
 *
 * @throws {CertificateError} {@link KubernetesError} {@link SettingsError}
 */
export async function prepareNodeCertificates(
  settings: NodeSettings,
  surroundings: CertificateSurroundings,
): Promise<NodeCertificates | undefined> {
  const found = await readPki(placesIn(join(surroundings.folder, 'pki')));
  const request: PkiRequest = {
    names: settings.names,
    client: { commonName: API_SERVER_NAME },
    days: settings.days,
    now: surroundings.now,
    ...(surroundings.force ? { replace: 'every-key' as const } : {}),
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
      return signedElsewhere(way, request, found, surroundings);
  }
}

/** The API server's own pair still comes from us: whoever signs for the gate need not decide who may ask it. */
async function signedElsewhere(
  way: SigningWay & { kind: 'signer' },
  request: PkiRequest,
  found: Awaited<ReturnType<typeof readPki>>,
  { folder, requestSignature, now }: CertificateSurroundings,
): Promise<NodeCertificates | undefined> {
  const authority = {
    certificate: await readText(join(folder, GATE_FILES.clientAuthority)),
    key: await readText(join(folder, GATE_FILES.clientAuthorityKey)),
  };
  // Only for the client pair; the serving pair that comes with it is thrown away.
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

/** What a way of signing means, said once. */
export function describeWay(way: SigningWay): string {
  switch (way.kind) {
    case 'own':
      return 'an authority of our own signs; whoever can read its key, pki/ca.key, can pose as the gate and as the API server to it';
    case 'given':
      return 'your authority signs; its key was read and is not kept, so renewing needs --ca-key again, and whatever else it signs for the name kube-apiserver may ask the gate';
    case 'signer':
      return `${way.signer} signs; kubernetes.io/kubelet-serving is meant for nodes, so that everybody who trusts nodes trusts what it signs for the gate, nobody promises how long it lasts, and renewing needs another approval`;
  }
}
