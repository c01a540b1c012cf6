import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { bouncer, folderOf, type Folder, type Outcome } from '#test/command-line.ts';
import { createAuthority } from '../../certificate/authority.ts';
import { parseAdmissionConfiguration } from '../../control-plane/admission-configuration.ts';
import { parseApiServerManifest } from '../../control-plane/api-server-manifest.ts';
import { parseGateKubeconfig } from '../../control-plane/gate-kubeconfig.ts';

const MANIFEST = `apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - command:
    - kube-apiserver
    - --secure-port=1 # no server answers there
    - --enable-admission-plugins=NodeRestriction
    image: registry.k8s.io/kube-apiserver:v1.30.1
    name: kube-apiserver
`;
const IMAGE = '--image=registry.example.com/gate:1.0';
const POLICY = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: mine}
spec:
  unmatchedImages: Allow
  rules: [{name: pinned, requiredDigest: {}}]
`;

describe('bootstrap image-policy', () => {
  let folder: Folder;
  let node: { readonly gate: string; readonly manifest: string; readonly unit: string; readonly out: string };
  beforeEach(async () => {
    folder = await folderOf({ 'kubernetes/manifests/kube-apiserver.yaml': MANIFEST, 'policy.yaml': POLICY });
    node = {
      gate: folder.file('kubernetes/kube-image-bouncer'),
      manifest: folder.file('kubernetes/manifests/kube-apiserver.yaml'),
      unit: folder.file('kubernetes/gate.service'),
      out: folder.file('out'),
    };
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  function run(...words: readonly string[]): Promise<Outcome> {
    const places = [`--folder=${node.gate}`, `--manifest=${node.manifest}`, `--unit=${node.unit}`];
    return bouncer(['bootstrap', 'image-policy', ...places, '--timeout=0', ...words]);
  }

  /** A file of the gate's folder, as `--out` writes it with these options. */
  async function written(name: string, ...words: readonly string[]): Promise<string> {
    const { code, stderr } = await run(IMAGE, `--out=${node.out}`, ...words);
    assert.equal(code, 0, stderr);
    return readFile(join(node.out, node.gate, name), 'utf8');
  }

  async function tree(): Promise<Readonly<Record<string, string>>> {
    const found: Record<string, string> = {};
    for (const entry of await readdir(folder.path, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const content = entry.isFile() ? await readFile(path, 'utf8') : '/';
      found[path.slice(folder.path.length)] = `${((await stat(path)).mode & 0o777).toString(8)} ${content}`;
    }
    return found;
  }

  it('prints the changes without keys, and changes nothing', async () => {
    const before = await tree();
    const { code, stdout, stderr } = await run(IMAGE);
    assert.equal(code, 0);
    assert.match(stdout, /^\+ {4}- --enable-admission-plugins=NodeRestriction,ImagePolicyWebhook$/m);
    assert.match(stdout, /pki\/tls\.key\n# mode 0600\n# a private key, not shown\n---/);
    assert.doesNotMatch(stdout, /PRIVATE KEY/);
    assert.match(stderr, /^nothing was changed; --apply makes these changes$/m);
    assert.deepEqual(await tree(), before);
  });

  it('flip: --apply changes the node once, and --undo restores every byte', async () => {
    const before = await tree();
    const applied = await run(IMAGE, '--apply');
    assert.equal(applied.code, 0, applied.stderr);
    const wired = await tree();
    const { enabledPlugins } = parseApiServerManifest(await readFile(node.manifest, 'utf8'), 'm');
    assert.deepEqual(enabledPlugins, ['NodeRestriction', 'ImagePolicyWebhook']);
    assert.match((await run(IMAGE, '--apply')).stderr, /^nothing to change$/m);
    assert.equal((await run(IMAGE)).stdout, '');
    assert.deepEqual(await tree(), wired);
    assert.equal((await run('--undo')).code, 0);
    assert.deepEqual(await tree(), before);
  });

  it('flip: --out writes every file below another folder, with keys that only their owner can read, and changes no other file', async () => {
    const before = await tree();
    assert.equal((await run(IMAGE, `--out=${node.out}`)).code, 0);
    const found = await tree();
    for (const [path, content] of Object.entries(before)) assert.equal(found[path], content);
    const modes = Object.entries(found).flatMap(([path, content]) =>
      path.endsWith('.key') ? [content.slice(0, 3)] : [],
    );
    assert.deepEqual(modes, ['600', '600', '600']);
    const manifest = await readFile(join(node.out, node.manifest), 'utf8');
    assert.match(manifest, /ImagePolicyWebhook/);
    const once = await tree();
    assert.match((await run(IMAGE, `--out=${node.out}`)).stderr, /^nothing to change$/m);
    assert.deepEqual(await tree(), once);
  });

  it('--out needs no node', async () => {
    const { code, stderr } = await run(IMAGE, `--out=${node.out}`, `--manifest=${folder.file('no/x.yaml')}`);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /x\.yaml does not exist on this machine/);
  });

  describe('flip: the AdmissionConfiguration', () => {
    const settingsOf = async (...words: readonly string[]): Promise<Readonly<Record<string, unknown>>> => {
      const text = await written('admission-configuration.yaml', ...words);
      const { imagePolicy } = parseAdmissionConfiguration(text, 'a.yaml');
      return Object.fromEntries(Object.entries(imagePolicy ?? {}).map(([key, one]) => [key, one?.value]));
    };
    const defaults = { allowTTL: 50, denyTTL: 10, retryBackoff: 500, defaultAllow: false };
    const table: Readonly<Record<string, Partial<typeof defaults>>> = {
      '--timeout=0': {},
      '--allow-ttl=-1': { allowTTL: -1 },
      '--allow-ttl=1800': { allowTTL: 1800 },
      '--deny-ttl=1': { denyTTL: 1 },
      '--retry-backoff=100': { retryBackoff: 100 },
      '--default-allow': { defaultAllow: true },
      '--stage=warn': { defaultAllow: true },
      '--stage=audit': { defaultAllow: true },
    };
    for (const [word, changed] of Object.entries(table)) {
      it(word, async () => {
        const kubeConfigFile = join(node.gate, 'kubeconfig.yaml');
        assert.deepEqual(await settingsOf(word), { kubeConfigFile, ...defaults, ...changed });
      });
    }
  });

  it('XH18 says before stage deny what happens to pods of Jobs', async () => {
    assert.match(
      (await run(IMAGE)).stderr,
      /^note: at stage deny, a pod of a Job cannot lose its finalizer/m,
    );
    assert.doesNotMatch((await run(IMAGE, '--stage=warn')).stderr, /finalizer/);
  });

  describe('flip: the address that the API server calls', () => {
    const table: Readonly<Record<string, string>> = {
      '--timeout=0': 'https://127.0.0.1:1323/image_policy',
      '--port=8443': 'https://127.0.0.1:8443/image_policy',
      '--address=10.0.0.7': 'https://10.0.0.7:1323/image_policy',
      '--address=fd00::7': 'https://[fd00::7]:1323/image_policy',
      '--address=0.0.0.0': 'https://127.0.0.1:1323/image_policy',
      '--name=gate.example.com': 'https://gate.example.com:1323/image_policy',
      '--stage=warn': 'https://127.0.0.1:1323/image_policy/warn',
      '--stage=audit': 'https://127.0.0.1:1323/image_policy/audit',
    };
    for (const [word, server] of Object.entries(table)) {
      it(word, async () => {
        const { server: found } = parseGateKubeconfig(await written('kubeconfig.yaml', word), 'k.yaml');
        assert.equal(found?.value, server);
      });
    }
  });

  describe('flip: the certificate', () => {
    const certificate = async (...words: readonly string[]): Promise<X509Certificate> =>
      new X509Certificate(await written('pki/tls.crt', ...words));

    it('--host-names, --name and --address', async () => {
      const leaf = await certificate(
        '--host-names=a.example,10.0.0.9',
        '--name=b.example',
        '--address=10.0.0.7',
      );
      assert.ok(leaf.checkHost('a.example') && leaf.checkHost('b.example'));
      assert.ok(leaf.checkIP('10.0.0.9') && leaf.checkIP('10.0.0.7'));
      assert.equal(leaf.checkIP('127.0.0.1'), undefined);
    });

    it('--days', async () => {
      const lifeOf = ({ validFromDate, validToDate }: X509Certificate): number =>
        Math.round((validToDate.getTime() - validFromDate.getTime()) / 86_400_000);
      assert.equal(lifeOf(await certificate('--days=7')), 7);
    });

    it('--ca-cert with --ca-key; the key is not stored', async () => {
      const company = await createAuthority({ commonName: 'company', notBefore: new Date(), days: 1 });
      await writeFile(folder.file('ca.crt'), company.certificate);
      await writeFile(folder.file('ca.key'), company.key);
      const leaf = await certificate(
        `--ca-cert=${folder.file('ca.crt')}`,
        `--ca-key=${folder.file('ca.key')}`,
      );
      assert.ok(leaf.verify(new X509Certificate(company.certificate).publicKey));
      assert.ok(!(await readdir(join(node.out, node.gate, 'pki'))).includes('ca.key'));
    });
  });

  describe('flip: the runner of the gate', () => {
    const pod = (): string => join(node.out, dirname(node.manifest), 'kube-image-bouncer.yaml');

    it('--image, --health-port: a static pod in the folder of the API server manifest', async () => {
      await written('kubeconfig.yaml', '--health-port=4711');
      const text = await readFile(pod(), 'utf8');
      assert.match(text, /^ {6}image: registry\.example\.com\/gate:1\.0$/m);
      assert.match(text, /--health-port=4711/);
    });

    it('--language: in the pod, and in the unit', async () => {
      const unit = (): string => join(node.out, node.unit);
      await written('kubeconfig.yaml');
      assert.doesNotMatch(await readFile(pod(), 'utf8'), /--language/);
      await written('kubeconfig.yaml', '--language=zh');
      assert.match(await readFile(pod(), 'utf8'), /^ +- "?--language=zh"?$/m);
      await written('kubeconfig.yaml', '--gate=systemd', '--language=zh');
      assert.match(await readFile(unit(), 'utf8'), /^ {2}--language=zh$/m);
    });

    it('--gate systemd, --program, --unit: a unit, and no pod', async () => {
      await written('kubeconfig.yaml', '--gate=systemd', '--program=/opt/gate');
      assert.match(await readFile(join(node.out, node.unit), 'utf8'), /^ {2}\/opt\/gate \\\n {2}serve /m);
      await assert.rejects(readFile(pod()), { code: 'ENOENT' });
    });

    it('--gate none: no pod and no unit', async () => {
      await written('kubeconfig.yaml', '--gate=none');
      await assert.rejects(readFile(pod()), { code: 'ENOENT' });
      await assert.rejects(readFile(join(node.out, node.unit)), { code: 'ENOENT' });
    });

    it('another runner replaces the earlier runner, and --undo restores the first state', async () => {
      const before = await tree();
      await run(IMAGE, '--apply');
      await run('--gate=systemd', '--apply');
      const found = await tree();
      assert.equal(found['/kubernetes/manifests/kube-image-bouncer.yaml'], undefined);
      assert.ok(found['/kubernetes/gate.service']?.startsWith('644 [Unit]'));
      await run('--undo');
      assert.deepEqual(await tree(), before);
    });

    it('restores everything if the gate does not start', async () => {
      const before = await tree();
      const { code, stderr } = await run(IMAGE, '--apply', '--port=1', '--timeout=1');
      assert.equal(code, 2);
      assert.match(
        stderr,
        /^restored: every file that this run changed\nerror: the gate does not answer: 127\.0\.0\.1:1: /m,
      );
      assert.deepEqual(await tree(), before);
    });

    it('XH17 restores the files of the gate if the manifest of the API server cannot be replaced', async () => {
      // No file with a longer name can be written beside it.
      const long = join(dirname(node.manifest), `${'x'.repeat(235)}.yaml`);
      await rename(node.manifest, long);
      node = { ...node, manifest: long };
      const before = await tree();
      const { code, stderr } = await run(IMAGE, '--apply');
      assert.equal(code, 2);
      assert.match(stderr, /^created +\S+\/kube-image-bouncer\.yaml$/m);
      assert.match(stderr, /^restored: every file that this run changed\nerror: \S+x\.yaml: ENAMETOOLONG/m);
      assert.deepEqual(await tree(), before);
    });

    it('a gate that is started by other means and does not run yet leaves the API server unchanged', async () => {
      const { code, stderr } = await run('--gate=systemd', '--apply', '--port=1', '--timeout=1');
      assert.equal(code, 1);
      assert.match(
        stderr,
        /the API server was not changed: run `systemctl daemon-reload && systemctl enable --now gate\.service`/,
      );
      assert.equal(await readFile(node.manifest, 'utf8'), MANIFEST);
    });
  });

  describe('the policy', () => {
    it('forbids the tag latest by default, with warnings in kube-system; flip: --kube-system', async () => {
      const [warn, deny, exempt] = [
        await written('policy.yaml'),
        await written('policy.yaml', '--kube-system=deny'),
        await written('policy.yaml', '--kube-system=exempt'),
      ];
      assert.match(warn, /name: no-latest-in-kube-system/);
      assert.doesNotMatch(deny, /kube-system/);
      assert.match(exempt, /unmatchedImages: Allow[\s\S]*exclude:\n\s+namespaces:\n\s+- kube-system\n/);
      assert.doesNotMatch(exempt, /in-kube-system/);
    });

    it('flip: --policy replaces it', async () =>
      assert.equal(await written('policy.yaml', `--policy=${folder.file('policy.yaml')}`), POLICY));

    it('is kept if it was edited', async () => {
      await run(IMAGE, '--apply');
      await writeFile(join(node.gate, 'policy.yaml'), POLICY);
      assert.match((await run(IMAGE, '--apply')).stderr, /^nothing to change$/m);
      await run(IMAGE, '--apply', '--kube-system=deny');
      assert.equal(await readFile(join(node.gate, 'policy.yaml'), 'utf8'), POLICY);
    });

    it('changes nothing if it cannot be loaded', async () => {
      await writeFile(folder.file('bad.yaml'), 'kind: Pod\n');
      const before = await tree();
      const { code, stderr } = await run(IMAGE, '--apply', `--policy=${folder.file('bad.yaml')}`);
      assert.equal(code, 2);
      assert.match(stderr, /bad\.yaml:1:/);
      assert.deepEqual(await tree(), before);
    });
  });

  it('flip: --kubernetes-version chooses the version of the kubeadm files; the default is the version of the API server', async () => {
    const file = 'kubeadm/cluster-configuration.yaml';
    assert.match(await written(file), /^apiVersion: kubeadm\.k8s\.io\/v1beta3$/m);
    assert.match(
      await written(file, '--kubernetes-version=1.31'),
      /^apiVersion: kubeadm\.k8s\.io\/v1beta4$/m,
    );
  });

  describe('flip: --force', () => {
    it('restores files that were changed later, and keeps the other edits of the manifest', async () => {
      await run(IMAGE, '--apply');
      const wired = await readFile(node.manifest, 'utf8');
      await writeFile(node.manifest, wired.replace('v1.30.1', 'v1.31.0'));
      const stopped = await run('--undo');
      assert.equal(stopped.code, 2);
      assert.match(
        stopped.stderr,
        /kube-apiserver\.yaml: another program has changed this after the last run/,
      );
      assert.equal((await run('--undo', '--force')).code, 0);
      assert.equal(await readFile(node.manifest, 'utf8'), MANIFEST.replace('v1.30.1', 'v1.31.0'));
      await assert.rejects(stat(node.gate), { code: 'ENOENT' });
    });

    it('replaces keys that are no longer usable', async () => {
      await run(IMAGE, '--apply');
      const file = join(node.gate, 'pki', 'tls.key');
      await writeFile(file, 'half a k');
      assert.equal((await run(IMAGE, '--apply')).code, 2);
      assert.equal(await readFile(file, 'utf8'), 'half a k');
      assert.equal((await run(IMAGE, '--apply', '--force')).code, 0);
      assert.match(await readFile(file, 'utf8'), /BEGIN PRIVATE KEY/);
    });
  });
});
