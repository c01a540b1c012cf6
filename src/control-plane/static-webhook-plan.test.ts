import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseApiServerManifest } from './api-server-manifest.ts';
import { writeFiles } from './change-files.ts';
import { comparePlan, type PlannedFile } from './file-plan.ts';
import { planApiServer } from './node-plan.ts';
import { planStaticWebhook, STATIC_FINGERPRINT } from './static-webhook-plan.ts';

const manifestText = `kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    command:
    - kube-apiserver
    - --secure-port=6443
    volumeMounts: []
  volumes: []
`;

describe('the plan of a webhook from a file', () => {
  let root: string;
  let folder: string;
  let manifest: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'static-webhook-plan-'));
    folder = join(root, 'gate');
    manifest = join(root, 'kube-apiserver.yaml');
    await writeFile(manifest, manifestText);
  });
  afterEach(() => rm(root, { recursive: true }));

  const planStatic = async (
    configuration = 'webhooks: []\n',
    kubeconfig?: string,
  ): Promise<PlannedFile[]> => {
    const place = { path: join(folder, 'webhook-kubeconfig.yaml'), text: kubeconfig ?? '' };
    const plan = await planStaticWebhook({
      folder,
      manifest,
      configuration,
      kubeconfig: kubeconfig === undefined ? undefined : place,
    });
    return [...plan.files, ...(plan.manifest === undefined ? [] : [plan.manifest])];
  };
  const planImagePolicy = async (): Promise<PlannedFile[]> => {
    const places = { folder, manifest, gatePod: join(root, 'pod.yaml'), gateUnit: join(root, 'unit') };
    const plan = await planApiServer({
      places,
      server: 'https://127.0.0.1:1323/image_policy',
      settings: { allowTTL: 50, denyTTL: 10, retryBackoff: 500, defaultAllow: false },
      trust: 'CA',
      kubeadm: 'v1beta4',
      isElsewhere: false,
      distribution: undefined,
    });
    return [...plan.files, ...(plan.manifest === undefined ? [] : [plan.manifest])];
  };
  /** Writes the files that differ, and returns their names. */
  const make = async (plan: readonly PlannedFile[]): Promise<string[]> => {
    const changes = await comparePlan(plan, { isRoot: false });
    await writeFiles(changes, { isRoot: false });
    return changes.map(({ file }) => file.path.slice(root.length + 1));
  };

  it('connects the manifest with the folder, and changes nothing the second time', async () => {
    assert.deepEqual(await make(await planStatic()), [
      'gate/static-webhooks/kube-image-bouncer.yaml',
      'gate/admission-configuration.yaml',
      'kube-apiserver.yaml',
    ]);
    assert.deepEqual(await make(await planStatic()), []);
  });

  it('enables no plugin, and mounts the folder', async () => {
    const text = (await planStatic()).at(-1)?.content ?? '';
    const wired = parseApiServerManifest(text, 'm');
    assert.deepEqual(wired.enabledPlugins, []);
    assert.equal(wired.admissionConfigFile, join(folder, 'admission-configuration.yaml'));
    assert.equal(wired.hostPathOf(folder), folder);
    assert.match(text, new RegExp(String.raw`${STATIC_FINGERPRINT}"?: "?[0-9a-f]{16}`));
  });

  it('restarts the API server for another kubeconfig, but not for another webhook configuration', async () => {
    await make(await planStatic('webhooks: []\n', 'users: []\n'));
    assert.deepEqual(await make(await planStatic('webhooks: [{}]\n', 'users: []\n')), [
      'gate/static-webhooks/kube-image-bouncer.yaml',
    ]);
    assert.deepEqual(await make(await planStatic('webhooks: [{}]\n', 'users: [{}]\n')), [
      'gate/webhook-kubeconfig.yaml',
      'kube-apiserver.yaml',
    ]);
  });

  it('works together with ImagePolicyWebhook on one node, in either order', async () => {
    for (const first of [planStatic, planImagePolicy]) {
      await rm(folder, { recursive: true, force: true });
      await writeFile(manifest, manifestText);
      const second = first === planStatic ? planImagePolicy : planStatic;
      await make(await first());
      await make(await second());
      // The first wiring reads what the second wrote into the same file, once.
      await make(await first());
      await make(await second());
      assert.deepEqual([await make(await first()), await make(await second())], [[], []]);
    }
  });

  it('has no manifest on another machine', async () => {
    await rm(manifest);
    const { manifest: none, files } = await planStaticWebhook({
      folder,
      manifest,
      configuration: '',
      kubeconfig: undefined,
    });
    assert.deepEqual([none, files.length], [undefined, 2]);
  });
});
