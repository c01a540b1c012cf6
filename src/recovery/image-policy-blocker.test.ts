import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { folderOf, type Folder } from '#test/command-line.ts';
import type { Blocker } from './blocker.ts';
import { imagePolicyBlocker } from './image-policy-blocker.ts';
import type { ProbeResult } from './probes.ts';
import { readRefusal } from '../wiring/refusal.ts';

const silent = result(
  'pods "p" is forbidden: Post "https://127.0.0.1:1323/image_policy?timeout=30s": refused',
);
const refusing = result('pods "p" is forbidden: image policy webhook backend denied one or more images: no');

function result(message: string): ProbeResult {
  const place = { namespace: 'kube-system', role: 'vital', isWanted: true } as const;
  return {
    probe: { place, kind: 'Pod', candidates: [], isGuess: false },
    refusal: readRefusal(500, message),
  };
}

const manifest = `apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver
spec:
  containers:
  - name: kube-apiserver
    command:
    - kube-apiserver
    - --enable-admission-plugins=NodeRestriction,ImagePolicyWebhook # ours
    - --admission-control-config-file=/seen/admission.yaml
    volumeMounts:
    - {name: gate, mountPath: /seen}
  volumes:
  - {name: gate, hostPath: {path: FOLDER}}
`;

const admission = (configuration: string): string =>
  `apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- name: ImagePolicyWebhook\n  ${configuration}\n`;

const inline = (settings: string): string =>
  admission(`configuration: {imagePolicy: {kubeConfigFile: /seen/kubeconfig.yaml${settings}}}`);

const kubeconfig = (path: string): string => `apiVersion: v1
kind: Config
clusters: [{name: gate, cluster: {server: "https://127.0.0.1:1323${path}"}}]
users: [{name: me, user: {}}]
contexts: [{name: gate, context: {cluster: gate, user: me}}]
current-context: gate
`;

interface Node extends AsyncDisposable {
  readonly folder: Folder;
  readonly blocker: Blocker;
}

async function openNode(files: Readonly<Record<string, string>>): Promise<Node> {
  const folder = await folderOf({
    'manifest.yaml': manifest,
    'admission.yaml': inline(', defaultAllow: false'),
    'kubeconfig.yaml': kubeconfig('/image_policy'),
    ...files,
  });
  const text = await readFile(folder.file('manifest.yaml'), 'utf8');
  await writeFile(folder.file('manifest.yaml'), text.replace('FOLDER', folder.path));
  const blocker = await imagePolicyBlocker({
    manifest: folder.file('manifest.yaml'),
    isRoot: false,
    recoveredAt: '2026-11-22T03:00:00.000Z',
    waitMs: 0,
  });
  return { folder, blocker, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

async function kinds({ blocker }: Node, ...results: readonly ProbeResult[]): Promise<readonly string[]> {
  return (await blocker.steps(results)).map(({ kind }) => kind);
}

describe('ImagePolicyWebhook as a blocker', () => {
  it('is opened while the gate does not answer, and then removed', async () => {
    await using node = await openNode({});
    assert.deepEqual(await kinds(node, silent), ['ignore', 'remove']);
    assert.equal(
      await node.blocker.describe(),
      'defaultAllow false, calls https://127.0.0.1:1323/image_policy',
    );
    await (await node.blocker.steps([silent]))[0]?.perform();
    assert.equal(await readFile(node.folder.file('admission.yaml'), 'utf8'), inline(', defaultAllow: true'));
    assert.match(
      await readFile(node.folder.file('manifest.yaml'), 'utf8'),
      /kube-image-bouncer\.io\/recovered-at: "?2026-11-22T03:00:00\.000Z/,
    );
    assert.deepEqual(await kinds(node, silent), ['remove']);
  });

  it('finds settings in a file of their own, and adds a missing setting', async () => {
    await using node = await openNode({
      'admission.yaml': admission('path: policy/plugin.yaml'),
      'policy/plugin.yaml': 'imagePolicy:\n  kubeConfigFile: /seen/kubeconfig.yaml # the way\n',
    });
    const [ignore] = await node.blocker.steps([silent]);
    assert.match(ignore?.byHand[0] ?? '', /^vi .*plugin\.yaml {3}# imagePolicy\.defaultAllow: true$/);
    await ignore?.perform();
    assert.equal(
      await readFile(node.folder.file('policy/plugin.yaml'), 'utf8'),
      'imagePolicy:\n  kubeConfigFile: /seen/kubeconfig.yaml # the way\n  defaultAllow: true\n',
    );
  });

  it('is set to warn if the gate refuses everything, unless a gate does not answer at the path', async () => {
    await using node = await openNode({});
    assert.deepEqual(await kinds(node, refusing), ['warn', 'remove']);
    const [warn] = await node.blocker.steps([refusing]);
    assert.deepEqual(
      (await warn?.foresee())?.map((change) => change.kind === 'file' && change.path),
      [node.folder.file('kubeconfig.yaml'), node.folder.file('manifest.yaml')],
    );
    await warn?.perform();
    assert.equal(
      await readFile(node.folder.file('kubeconfig.yaml'), 'utf8'),
      kubeconfig('/image_policy/warn'),
    );
    assert.deepEqual(await kinds(node, refusing), ['remove']);
    await using stranger = await openNode({ 'kubeconfig.yaml': kubeconfig('/somewhere') });
    assert.deepEqual(await kinds(stranger, refusing), ['remove']);
  });

  for (const [where, folder] of [
    ['beside the settings', ''],
    ['in the working folder of the API server', 'work/'],
  ] as const) {
    it(`finds a kubeconfig with a relative path ${where}`, async () => {
      await using node = await openNode({
        'manifest.yaml': manifest.replace(
          'name: kube-apiserver\n    command',
          'name: kube-apiserver\n    workingDir: /seen/work\n    command',
        ),
        'admission.yaml': admission('configuration: {imagePolicy: {kubeConfigFile: way.yaml}}'),
        'kubeconfig.yaml': '',
        [`${folder}way.yaml`]: kubeconfig('/image_policy'),
      });
      assert.equal(
        await node.blocker.describe(),
        'defaultAllow false, calls https://127.0.0.1:1323/image_policy',
      );
      await (await node.blocker.steps([refusing]))[0]?.perform();
      assert.equal(
        await readFile(node.folder.file(`${folder}way.yaml`), 'utf8'),
        kubeconfig('/image_policy/warn'),
      );
    });
  }

  it('offers stage warn in the spelling of the path that the kubeconfig holds', async () => {
    for (const [path, warning] of [
      ['/image-policy/deny', '/image-policy/warn'],
      ['/image-policy', '/image-policy/warn'],
      ['/image_policy/deny', '/image_policy/warn'],
    ] as const) {
      await using node = await openNode({ 'kubeconfig.yaml': kubeconfig(path) });
      assert.deepEqual(await kinds(node, refusing), ['warn', 'remove'], path);
      await (await node.blocker.steps([refusing]))[0]?.perform();
      assert.equal(await readFile(node.folder.file('kubeconfig.yaml'), 'utf8'), kubeconfig(warning));
    }
  });

  it('is removed from the list of plugins, and nothing else changes', async () => {
    await using node = await openNode({});
    const before = await readFile(node.folder.file('manifest.yaml'), 'utf8');
    await (await node.blocker.steps([silent])).at(-1)?.perform();
    const after = await readFile(node.folder.file('manifest.yaml'), 'utf8');
    assert.equal(after, before.replace(',ImagePolicyWebhook', ''));
    assert.deepEqual(await kinds(node, silent), []);
    assert.equal(await node.blocker.describe(), undefined);
  });

  it('is an error if the manifest does not enable it, or does not exist', async () => {
    const other = { 'manifest.yaml': manifest.replace(',ImagePolicyWebhook', '') };
    await assert.rejects(openNode(other), {
      code: 'BLOCKER_NOT_FOUND',
      message: /the API server does not enable ImagePolicyWebhook/,
    });
    await assert.rejects(openNode({ 'admission.yaml': 'a: [' }), { code: 'DOCUMENT_SYNTAX' });
    const files = { manifest: '/nowhere/kube-apiserver.yaml', isRoot: false, recoveredAt: '', waitMs: 0 };
    await assert.rejects(imagePolicyBlocker(files), { code: 'BLOCKER_NOT_FOUND', message: /does not exist/ });
  });
});
