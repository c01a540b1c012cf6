import { join, resolve } from 'node:path';
import { CertificateError } from '../certificate/errors.ts';
import { folderTarget } from '../certificate/folder-target.ts';
import type { LiveAddress } from '../certificate/live.ts';
import { placesIn } from '../certificate/pki-folder.ts';
import { rotate, type RotationOptions, type RotationTarget } from '../certificate/rotation.ts';
import {
  isStaticallyWired,
  trustedByStaticFiles,
  type StaticWebhooks,
} from '../control-plane/static-trust.ts';
import { STATIC_FOLDER } from '../control-plane/static-webhook-plan.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { isAtLeast, type KubernetesVersion } from '../kubernetes/version.ts';
import { openBundleFinder, type GateCertificates } from './rotated-bundles.ts';
import { clusterTarget, requireRotatable, trustedByWebhooks } from './rotation-target.ts';

/** The storage of the certificates of a gate, and the clients that trust them. */
export type RotationPlace =
  | { readonly kind: 'cluster'; readonly cluster: KubernetesClient; readonly namespace: string }
  | {
      readonly kind: 'folder';
      readonly folder: string;
      /** Address of the gate, which the canary connects to. @default no canary */
      readonly address: LiveAddress | undefined;
      readonly trust: FolderTrust;
    };

/** How an API server trusts the CA in a folder: by webhook configurations, or by the CA file of a kubeconfig. */
export type FolderTrust =
  | { readonly kind: 'webhooks'; readonly cluster: KubernetesClient }
  /** `version` of the API server; needed only if the CA is rotated. */
  | { readonly kind: 'files'; readonly version: KubernetesVersion | undefined };

/**
 * Milliseconds until every reader has read a change. `folder`: the gate reads its files. `cluster`: the kubelet reads
 * a Secret, and the gate reads the mounted file. `static`: the API server reads its static webhooks. `imagePolicy`:
 * the API server reads the CA file of `ImagePolicyWebhook`, every five minutes since 1.36.
 */
const DELAYS_MS = { folder: 30_000, static: 120_000, cluster: 120_000, imagePolicy: 330_000 } as const;

/**
 * Rotates the certificates of a gate, or finishes a rotation that was interrupted.
 * @throws {CertificateError} ROTATION_IMPOSSIBLE if an API server would not accept a new CA; also the errors of
 * {@link rotate}
 */
export async function rotateGate(place: RotationPlace, options: RotationOptions): Promise<void> {
  const target = await openTarget(place, options);
  await rotate(target, { delayMs: DELAYS_MS[await readerOf(place, options)], ...options });
}

async function readerOf(
  place: RotationPlace,
  { authority = false, now }: RotationOptions,
): Promise<keyof typeof DELAYS_MS> {
  if (place.kind === 'cluster') return 'cluster';
  if (!authority) return 'folder';
  if (place.trust.kind === 'files') return 'imagePolicy';
  const { folder } = place;
  const gate = folderTarget({ files: placesIn(folder), now });
  return (await isStaticallyWired(staticWebhooksOf(folder, gate))) ? 'static' : 'folder';
}

/** `bootstrap static` writes its files beside the certificates. */
function staticWebhooksOf(folder: string, gate: GateCertificates): StaticWebhooks {
  return {
    folder: join(resolve(folder), '..', STATIC_FOLDER),
    openFinder: () => openBundleFinder(gate),
  };
}

async function openTarget(
  place: RotationPlace,
  { authority = false, now }: RotationOptions,
): Promise<RotationTarget> {
  if (place.kind === 'cluster') {
    if (authority) await requireRotatable(place.cluster, place.namespace);
    return clusterTarget(place);
  }
  const { folder, address, trust } = place;
  if (authority && trust.kind === 'files') requireFileReader(trust.version);
  const inFolder = folderTarget({
    files: placesIn(folder),
    now,
    ...(address !== undefined && { address }),
  });
  const target = trustedByStaticFiles(inFolder, staticWebhooksOf(folder, inFolder));
  return trust.kind === 'files' ? target : trustedByWebhooks(target, trust.cluster, inFolder);
}

/** Before 1.36 an API server reads the CA of its `ImagePolicyWebhook` once, at its start. */
function requireFileReader(version: KubernetesVersion | undefined): void {
  if (version !== undefined && isAtLeast(version, 1, 36)) return;
  const name = version === undefined ? 'an older version' : `${version.major}.${version.minor}`;
  throw new CertificateError(
    'ROTATION_IMPOSSIBLE',
    `an API server of Kubernetes ${name} reads the CA of ImagePolicyWebhook only when it starts, and would refuse a certificate of a new CA: rotate only the certificate, without --authority`,
  );
}
