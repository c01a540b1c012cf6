import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bouncer, folderOf, type Folder, type Outcome } from '#test/command-line.ts';
import { createAuthority } from '../../certificate/authority.ts';

/** The parts of a manifest of kubeadm that these tests need. */
function manifestOf(version: string, ...flags: readonly string[]): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:${version}
    command:
    - kube-apiserver
    - --secure-port=6443
${flags.map((flag) => `    - ${flag}\n`).join('')}    volumeMounts: []
  volumes: []
`;
}

describe('bootstrap static', () => {
  let folder: Folder;
  let certificate: string;
  before(async () => {
    ({ certificate } = await createAuthority({ commonName: 'test', notBefore: new Date(), days: 1 }));
    folder = await folderOf({
      'gate/pki/ca.crt': certificate,
      'client/pki/ca.crt': certificate,
      'client/pki/apiserver-client.crt': certificate,
      'narrow.yaml': `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: narrow}
spec:
  unmatchedImages: Allow
  rules:
  - {name: a, match: {resources: [pods]}, disallowedTags: {tags: [latest]}}
`,
      'v1.37.yaml': manifestOf('v1.37.1'),
      'v1.36.yaml': manifestOf('v1.36.3'),
      'gated.yaml': manifestOf('v1.36.3', '--feature-gates=ManifestBasedAdmissionControlConfig=true'),
      'v1.35.yaml': manifestOf('v1.35.0'),
    });
  });
  after(() => folder[Symbol.asyncDispose]());

  const run = async (...args: string[]): Promise<Outcome> =>
    bouncer([
      'bootstrap',
      'static',
      '--url=https://127.0.0.1:1323',
      `--folder=${folder.file('gate')}`,
      `--manifest=${folder.file('v1.37.yaml')}`,
      ...args,
    ]);

  it('shows the webhook configuration, the file that names it, and the change of the manifest', async () => {
    const { code, stdout, stderr } = await run();
    assert.deepEqual([code, stderr], [0, 'nothing was changed; --apply makes these changes\n']);
    assert.match(stdout, /^\+ {2}name: kube-image-bouncer\.static\.k8s\.io$/m);
    assert.ok(stdout.includes(`staticManifestsDir: ${folder.file('gate/static-webhooks')}`));
    assert.match(stdout, /^\+ {4}- --admission-control-config-file=/m);
    assert.doesNotMatch(stdout, /ImagePolicyWebhook|kubeConfigFile/);
  });

  const FLIPS: readonly (readonly [option: string, shows: RegExp])[] = [
    ['--stage=audit', /\/validate\/audit/],
    ['--kube-system=deny', /^(?![^]*kube-system\.kube-image-bouncer\.io)/],
    ['--exempt-namespaces=legacy', /^\+ +- legacy$/m],
    ['--timeout-seconds=3', /timeoutSeconds: 3$/m],
    ['--policy=FOLDER/narrow.yaml', /^(?![^]*deployments)/],
    ['--folder=FOLDER/client', /kubeConfigFile: .*\/client\/webhook-kubeconfig\.yaml/],
    ['--url=https://gate:8443', /url: https:\/\/gate:8443\/validate$/m],
  ];
  for (const [option, shows] of FLIPS) {
    it(`flip: ${option}`, async () => {
      assert.doesNotMatch((await run()).stdout, shows);
      const { stdout, stderr } = await run(option.replace('FOLDER', folder.path));
      assert.match(stdout, shows, stderr);
    });
  }

  it('flip: --out writes the files to be copied, each under its path on the node', async () => {
    const out = join(folder.path, 'out');
    const { code, stderr } = await run(`--out=${out}`);
    assert.equal(code, 0, stderr);
    const place = join(out, folder.file('gate/static-webhooks/kube-image-bouncer.yaml'));
    assert.match(await readFile(place, 'utf8'), /kube-image-bouncer\.static\.k8s\.io/);
    assert.equal(
      await readFile(folder.file('v1.37.yaml'), 'utf8'),
      manifestOf('v1.37.1'),
      'the node is as it was',
    );
  });

  it('flip: --ca-cert and --manifest', async () => {
    assert.match((await run('--ca-cert=/nowhere')).stderr, /--ca-cert: \/nowhere cannot be read/);
    assert.match(
      (await run(`--manifest=${folder.file('v1.35.yaml')}`)).stderr,
      /Kubernetes v1\.35\.0 cannot read/,
    );
  });

  it('requires the feature gate on 1.36', async () => {
    const { code, stderr } = await run(`--manifest=${folder.file('v1.36.yaml')}`);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /first start kube-apiserver with --feature-gates=ManifestBasedAdmissionControlConfig=true/,
    );
    assert.equal((await run(`--manifest=${folder.file('gated.yaml')}`)).code, 0);
  });

  const REFUSED: readonly (readonly [line: string, expected: RegExp])[] = [
    ['--apply --undo', /--apply, --undo and --out contradict each other/],
    ['--yes', /--yes needs --apply/],
    ['--folder=x', /--folder: x is not an absolute path/],
    ['--manifest=x', /--manifest: x is not an absolute path/],
    ['--url=http://a', /--url: .* does not begin with https/],
    ['--timeout=x', /--timeout: "x" is not a whole number/],
    [
      '--manifest=/nowhere --apply',
      /\/nowhere does not exist: give its path with --manifest, or write files/,
    ],
    ['--kubernetes-version=1.24', /Kubernetes 1\.24 cannot read a webhook configuration from a file/],
    ['--exempt-namespaces=A', /--exempt-namespaces: "A" is not the name of a namespace/],
  ];
  for (const [line, expected] of REFUSED) {
    it(`refuses ${line}`, async () => {
      const { code, stdout, stderr } = await run(...line.split(' '));
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, expected);
    });
  }

  it('needs a URL, and refuses --undo if nothing was applied', async () => {
    const { stderr } = await bouncer(['bootstrap', 'static']);
    assert.match(stderr, /--url is missing: a webhook from a file has no Service/);
    assert.match((await run('--undo')).stderr, /there is no record of changes to undo/);
  });
});
