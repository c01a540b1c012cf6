import { findCertificates, isIssuedBy } from '../certificate/inspect.ts';
import type { RotationTarget } from '../certificate/rotation.ts';
import type { Path } from '../document/json.ts';
import { decodeWebhooks, isInOurDomain, isOurs, objectsOf } from '../wiring/webhook-configuration.ts';

/** The certificates of a gate without the trust of webhooks. They show which CA is the CA of the gate. */
export type GateCertificates = Pick<RotationTarget, 'readTrust' | 'readServing'>;

/** A `caBundle` that a rotation replaces. */
export interface RotatedBundle {
  /** Name of its webhook. */
  readonly webhook: string;
  /** Path in the document. */
  readonly path: Path;
  readonly pem: string;
}

/**
 * Returns a function that finds each `caBundle` of a document which a rotation replaces. It is the only definition, for
 * clusters and for files. The webhook must be ours. If its name is not below our domain, its `caBundle` must also
 * contain a CA of the gate, because a configuration with our name or label may contain webhooks of other software.
 */
export async function openBundleFinder(
  gate: GateCertificates,
): Promise<(document: unknown) => readonly RotatedBundle[]> {
  const isCaOfGate = await recognizeCa(gate);
  return (document) =>
    objectsOf(document).flatMap(({ value, path }) =>
      decodeWebhooks(value).flatMap((webhook) => {
        const { name, index, trust } = webhook;
        // Without a caBundle the API server trusts the CAs of its machine, which this program does not rotate.
        if (trust === undefined || !isOurs(webhook)) return [];
        if (!isInOurDomain(webhook) && !isCaOfGate(trust)) return [];
        return [
          { webhook: name, path: [...path, 'webhooks', index, 'clientConfig', 'caBundle'], pem: trust },
        ];
      }),
    );
}

/** Returns whether a bundle contains a certificate that the gate trusts now, or that signed its serving certificate. */
async function recognizeCa(gate: GateCertificates): Promise<(bundle: string) => boolean> {
  const trusted = (await gate.readTrust()).flatMap(findCertificates);
  const { certificate } = await gate.readServing();
  const served = findCertificates(certificate ?? '');
  return (bundle) =>
    findCertificates(bundle).some(
      (one) =>
        trusted.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256) ||
        served.some((leaf) => isIssuedBy(leaf, one)),
    );
}
