import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { parseApiServerManifest } from './api-server-manifest.ts';
import { FINGERPRINT, unwireApiServer, wireApiServer } from './api-server-wiring.ts';

const wiring = {
  configurationFile: '/etc/kubernetes/kube-image-bouncer/admission-configuration.yaml',
  folder: '/etc/kubernetes/kube-image-bouncer',
  fingerprint: 'abc',
};

/** A manifest of kubeadm with these flags. */
function manifest(flags: readonly string[]): string {
  return `apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 10.0.0.1:6443
  creationTimestamp: null
  labels:
    component: kube-apiserver
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
  - command:
    - kube-apiserver
${flags.map((flag) => `    - ${flag}\n`).join('')}    # pinned by the platform team
    image: registry.k8s.io/kube-apiserver:v1.30.1
    name: kube-apiserver
    volumeMounts:
    - mountPath: /etc/ssl/certs
      name: ca-certs
      readOnly: true
  hostNetwork: true
  volumes:
  - hostPath:
      path: /etc/ssl/certs
      type: DirectoryOrCreate
    name: ca-certs
status: {}
`;
}

/** The lines of the command. */
function commandOf(text: string): string {
  return text.slice(text.indexOf('  - command:'), text.indexOf('    # pinned'));
}

const wire = (text: string): string => wireApiServer(text, 'm.yaml', wiring);

describe('the manifest of kube-apiserver', () => {
  it('gets plugin, configuration, mount and fingerprint, and keeps all its lines', () => {
    const before = manifest(['--secure-port=6443', '--enable-admission-plugins=NodeRestriction # kept']);
    const after = wire(before);
    const lines = after.split('\n');
    let at = 0;
    for (const line of before.replace('NodeRestriction', 'NodeRestriction,ImagePolicyWebhook').split('\n')) {
      at = lines.indexOf(line, at);
      assert.notEqual(at, -1, line);
    }
    const { enabledPlugins, admissionConfigFile, mounts } = parseApiServerManifest(after, 'm.yaml');
    assert.deepEqual(enabledPlugins, ['NodeRestriction', 'ImagePolicyWebhook']);
    assert.equal(admissionConfigFile, wiring.configurationFile);
    const { path: _, ...mount } = mounts[1] ?? assert.fail('no mount');
    assert.deepEqual(mount, {
      name: 'kube-image-bouncer',
      mountPath: wiring.folder,
      hostPath: wiring.folder,
      readOnly: true,
    });
    assert.match(after, /^ {4}kube-image-bouncer\.io\/configuration: abc$/m);
  });

  it('stays unchanged the second time', () => {
    const once = wire(manifest(['--enable-admission-plugins=NodeRestriction']));
    assert.equal(wire(once), once);
  });

  it('changes with the files that the API server reads at its start, so that it is restarted', () => {
    const once = wire(manifest(['--a=b']));
    const other = wireApiServer(once, 'm.yaml', { ...wiring, fingerprint: 'abd' });
    assert.equal(other, once.replace(`${FINGERPRINT}: abc`, `${FINGERPRINT}: abd`));
  });

  const forms: Readonly<Record<string, readonly [before: readonly string[], after: readonly string[]]>> = {
    'no list of plugins': [['--a=b'], ['--a=b', '--enable-admission-plugins=ImagePolicyWebhook']],
    'an empty list': [['--enable-admission-plugins='], ['--enable-admission-plugins=ImagePolicyWebhook']],
    quotes: [['"--enable-admission-plugins=A"'], ['"--enable-admission-plugins=A,ImagePolicyWebhook"']],
    'two items': [
      ['--enable-admission-plugins', 'A,B', '--c=d'],
      ['--enable-admission-plugins', 'A,B,ImagePolicyWebhook', '--c=d'],
    ],
    'the flag twice': [
      ['--enable-admission-plugins=A', '--enable-admission-plugins=B'],
      ['--enable-admission-plugins=A', '--enable-admission-plugins=B,ImagePolicyWebhook'],
    ],
    'the plugin already': [
      ['--enable-admission-plugins=ImagePolicyWebhook,A'],
      ['--enable-admission-plugins=ImagePolicyWebhook,A'],
    ],
    'the older flag': [['--admission-control=A'], ['--admission-control=A,ImagePolicyWebhook']],
    'another plugin switched off': [
      ['--disable-admission-plugins=B'],
      ['--disable-admission-plugins=B', '--enable-admission-plugins=ImagePolicyWebhook'],
    ],
  };
  for (const [title, [before, after]] of Object.entries(forms)) {
    it(`is wired if there is ${title}`, () => {
      const expected = manifest([...after, `--admission-control-config-file=${wiring.configurationFile}`]);
      assert.equal(commandOf(wire(manifest(before))), commandOf(expected));
    });
  }

  it('keeps the path of a configuration that is merged in its place', () => {
    const text = manifest(['--admission-control-config-file', '/x.yaml']);
    const after = wireApiServer(text, 'm.yaml', { ...wiring, configurationFile: '/x.yaml' });
    assert.equal(after.split('admission-control-config-file').length, 2);
  });

  it('needs no mount if one contains the folder already', () => {
    const text = manifest(['--a=b']).replaceAll('/etc/ssl/certs', '/etc/kubernetes');
    assert.equal(wire(text).split('mountPath').length, 2);
  });

  it('is refused if the plugin is disabled', () =>
    assert.throws(() => wire(manifest(['--a=b', '--disable-admission-plugins=X,ImagePolicyWebhook'])), {
      code: 'API_SERVER_MANIFEST_INVALID',
      message: /^m\.yaml:16:7: --disable-admission-plugins contains ImagePolicyWebhook/,
    }));

  it('is refused with its place if aliases share the flags', () => {
    const text =
      'kind: Pod\nx: &flags [kube-apiserver, --a=b]\nspec:\n  containers:\n  - {name: kube-apiserver, command: *flags}\n';
    assert.throws(() => wire(text), { code: 'DOCUMENT_NOT_EDITABLE', message: /^m\.yaml:\d+:\d+: / });
  });
});

describe('the wiring is removed from the manifest', () => {
  for (const flags of [
    ['--enable-admission-plugins=NodeRestriction', '--c=d'],
    ['--enable-admission-plugins', 'A', '--c=d'],
    ['--c=d'],
  ]) {
    it(`with all that was added: ${flags.join(' ')}`, () => {
      const before = manifest(flags);
      assert.equal(unwireApiServer(wire(before), 'm.yaml'), before);
    });
  }

  it('and a manifest that was never wired is not changed', () => {
    const text = manifest(['--enable-admission-plugins=NodeRestriction']);
    assert.equal(unwireApiServer(text, 'm.yaml'), text);
  });

  it('flip: keepConfiguration keeps the flag and the mount', () => {
    const freed = unwireApiServer(wire(manifest(['--a=b'])), 'm.yaml', { keepConfiguration: true });
    const { enabledPlugins, admissionConfigFile, mounts } = parseApiServerManifest(freed, 'm.yaml');
    assert.deepEqual([enabledPlugins, admissionConfigFile, mounts.length], [[], wiring.configurationFile, 2]);
  });
});

test('JSON manifests stay JSON', () => {
  const pod = {
    kind: 'Pod',
    spec: { containers: [{ name: 'kube-apiserver', command: ['kube-apiserver', '--a=b'] }] },
  };
  const wired: unknown = JSON.parse(wire(JSON.stringify(pod, null, 2)));
  assert.deepEqual(Object.keys(Object(wired)), ['kind', 'spec', 'metadata']);
});
