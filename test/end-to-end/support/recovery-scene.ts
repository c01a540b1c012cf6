import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, type Authority } from '../../../src/certificate/authority.ts';
import type { KubernetesVersion } from '../../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { startGate, type Gate } from './gate.ts';
import { apply, podOf } from './lock-outs.ts';
import { startForeignWebhook, type ForeignWebhook } from './foreign-webhook.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** The gate's own image, which the gate's policy refuses. */
export const gateImage = 'registry.example.com/platform/kube-image-bouncer:1.0.0';

/** Refuses every image, including the gate's own image. */
const nothingAllowed = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: nothing}
spec:
  unmatchedImages: Deny
  rules:
  - name: nowhere
    allowedImages: {images: ["registry.example.com/empty/*"]}
`;

const gateDeployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'kube-image-bouncer', namespace: 'kube-image-bouncer' },
  spec: {
    selector: { matchLabels: { app: 'gate' } },
    template: {
      metadata: { labels: { app: 'gate' } },
      spec: { containers: [{ name: 'gate', image: gateImage }] },
    },
  },
};

/** A control plane that also accepts users with client certificates, and a gate that refuses everything. */
interface Scene extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly authority: Authority;
  /** A CA that has signed no certificate. */
  readonly other: Authority;
  readonly gate: Gate;
  /** A foreign webhook that refuses every review. */
  readonly foreignWebhook: ForeignWebhook;
  /** A foreign webhook with a certificate that expired a week ago. */
  readonly expired: ForeignWebhook;
  readonly logTails: () => Promise<string>;
}

/** Starts the scene, with a running pod in `kube-system`, in `default` and in the namespace of a gate. */
export async function openScene(version: KubernetesVersion): Promise<Scene> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await makeTemporaryFolder('recover'));
  const monthAgo = new Date(Date.now() - 30 * 86_400_000);
  const authority = await createAuthority({ commonName: 'recover tests', notBefore: monthAgo, days: 60 });
  const foreignWebhook = parts.use(await startForeignWebhook(authority, { notBefore: monthAgo, days: 40 }));
  const expired = parts.use(await startForeignWebhook(authority, { notBefore: monthAgo, days: 23 }));
  const other = await createAuthority({ commonName: 'another', notBefore: monthAgo, days: 60 });
  const clientCa = join(folder.path, 'client-ca.crt');
  await writeFile(clientCa, authority.certificate);
  const gate = parts.use(await startGate({ environment: process.env, authority, policy: nothingAllowed }));
  const apiServer = { flags: [`--client-ca-file=${clientCa}`] };
  const controlPlane = parts.use(await startControlPlane({ environment: process.env, version, apiServer }));
  // The images of running pods must be able to start again.
  for (const namespace of ['kube-system', 'default'])
    await apply(controlPlane, { ...podOf('running'), metadata: { name: 'running', namespace } });
  await apply(controlPlane, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'kube-image-bouncer' },
  });
  await apply(controlPlane, gateDeployment);
  const owned = parts.move();
  return {
    controlPlane,
    authority,
    other,
    gate,
    foreignWebhook,
    expired,
    logTails: async () => `${await controlPlane.logTails()}\n--- gate\n${await gate.logTail()}`,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

/** A kubeconfig like the `admin.conf` of kubeadm: a client certificate whose group has all permissions. */
export async function writeMastersKubeconfig({ controlPlane, authority }: Scene): Promise<string> {
  const { certificate, key } = await authority.issueClient({
    commonName: 'someone',
    organizations: ['system:masters'],
    notBefore: new Date(Date.now() - 60_000),
    days: 1,
  });
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const kubeconfig = JSON.parse(await readFile(controlPlane.kubeconfig, 'utf8')) as object;
  const file = join(controlPlane.folder, 'masters.json');
  const user = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
  await writeFile(
    file,
    JSON.stringify({
      ...kubeconfig,
      users: [{ name: 'someone', user }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'someone' } }],
    }),
    { mode: 0o600 },
  );
  return file;
}
