import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { folderOf } from '#test/command-line.ts';
import { planImagePolicy, type NodeSettings } from './image-policy-plan.ts';

/** Settings for a machine whose kube-apiserver has no manifest yet. */
function settingsIn(folder: string): NodeSettings {
  return {
    places: {
      folder: `${folder}/gate`,
      manifest: `${folder}/manifests/kube-apiserver.yaml`,
      gatePod: `${folder}/manifests/kube-image-bouncer.yaml`,
      gateUnit: `${folder}/kube-image-bouncer.service`,
    },
    gate: { address: '127.0.0.1', port: 1323, healthPort: 1324, language: undefined },
    runner: { kind: 'none' },
    authority: '127.0.0.1:1323',
    stage: 'deny',
    imagePolicy: { allowTTL: 50, denyTTL: 10, retryBackoff: 500, defaultAllow: false },
    names: ['127.0.0.1'],
    way: { kind: 'own' },
    days: 365,
    policy: undefined,
    kubeSystem: undefined,
    version: undefined,
  };
}

const sources = {
  root: '/',
  force: false,
  now: () => new Date(),
  requestSignature: undefined,
  cluster: undefined,
};

describe('the plan of ImagePolicyWebhook', () => {
  it('needs no manifest of kube-apiserver for files that kubeadm reads later, also below /', async () => {
    await using folder = await folderOf({});
    const plan = await planImagePolicy(settingsIn(folder.path), { ...sources, isElsewhere: true });
    assert.equal(plan.manifest, undefined);
    assert.ok(plan.files.some(({ path }) => path.endsWith('/kubeconfig.yaml')));
  });

  it('needs the manifest on the node itself', async () => {
    await using folder = await folderOf({});
    await assert.rejects(planImagePolicy(settingsIn(folder.path), { ...sources, isElsewhere: false }), {
      code: 'NODE_FILE_UNREADABLE',
    });
  });
});
