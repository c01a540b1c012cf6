import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { parseApiServerManifest } from './api-server-manifest.ts';

/** A manifest with these flags. */
function manifest(words: readonly string[], extra = ''): string {
  const items = words.map((word) => `    - ${word}\n`).join('');
  return `apiVersion: v1
kind: Pod
spec:
  containers:
  - command:
${items}    name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.30.1
    volumeMounts:
    - {mountPath: /etc/kubernetes, name: all}
    - {mountPath: /etc/kubernetes/admission/, name: admission, readOnly: true}
    - {mountPath: /part, name: all, subPath: pki}
    - {mountPath: /empty, name: empty}
${extra}  volumes:
  - {name: all, hostPath: {path: /etc/kubernetes}}
  - {name: admission, hostPath: {path: /srv/admission}}
  - {name: empty, emptyDir: {}}
`;
}

describe('flags of kube-apiserver', () => {
  const table: Readonly<Record<string, readonly [readonly string[], string | undefined]>> = {
    'in one item': [['kube-apiserver', '--admission-control-config-file=/a'], '/a'],
    'in two items': [['kube-apiserver', '--admission-control-config-file', '/a'], '/a'],
    'with underscores': [['kube-apiserver', '--admission_control_config_file=/a'], '/a'],
    'in quotes': [['kube-apiserver', '"--admission-control-config-file=/a=b"'], '/a=b'],
    'twice: the last wins': [
      ['kube-apiserver', '--admission-control-config-file=/a', '--admission-control-config-file=/b'],
      '/b',
    ],
    'not at all': [['kube-apiserver', '--allow-privileged'], undefined],
  };
  for (const [title, [words, value]] of Object.entries(table)) {
    it(title, () =>
      assert.equal(parseApiServerManifest(manifest(words), 'm.yaml').admissionConfigFile, value),
    );
  }

  it('of plugins are joined, from both names of the flag', () => {
    const { enabledPlugins, disabledPlugins } = parseApiServerManifest(
      manifest([
        'kube-apiserver',
        '--enable-admission-plugins=A, B',
        '--enable-admission-plugins',
        'C',
        '--admission-control=D',
        '--disable-admission-plugins=E',
      ]),
      'm.yaml',
    );
    assert.deepEqual([enabledPlugins, disabledPlugins], [['A', ' B', 'C', 'D'], ['E']]);
  });

  it('are also found in args, and new ones are added there', () => {
    const text = manifest(['kube-apiserver'], '    args: [--secure-port=443]\n');
    const { flag, flagList } = parseApiServerManifest(text, 'm.yaml');
    assert.equal(flag('secure-port')?.value, '443');
    assert.deepEqual(flagList, ['spec', 'containers', 0, 'args']);
  });

  it('without a value have none', () => {
    const { flag } = parseApiServerManifest(manifest(['kube-apiserver', '--a', '--b=1']), 'm.yaml');
    assert.equal(flag('a')?.value, undefined);
  });
});

test('the innermost mount determines the path of a file on the node', () => {
  const { hostPathOf, image } = parseApiServerManifest(manifest(['kube-apiserver', '--a=b']), 'm.yaml');
  const table: Readonly<Record<string, string | undefined>> = {
    '/etc/kubernetes': '/etc/kubernetes',
    '/etc/kubernetes/pki/ca.crt': '/etc/kubernetes/pki/ca.crt',
    '/etc/kubernetes/admission/x.yaml': '/srv/admission/x.yaml',
    '/etc/kubernetes-2/x': undefined,
    '/part/ca.crt': undefined,
    '/empty/x': undefined,
    'relative.yaml': undefined,
  };
  for (const [path, place] of Object.entries(table)) assert.equal(hostPathOf(path), place, path);
  assert.equal(image, 'registry.k8s.io/kube-apiserver:v1.30.1');
});

describe('an invalid manifest of kube-apiserver is refused with its place', () => {
  const table: Readonly<Record<string, readonly [string, RegExp]>> = {
    'another kind': ['kind: Deployment\n', /^m\.yaml:1:1: it is not a Pod/],
    'another pod': [
      'kind: Pod\nspec:\n  containers:\n  - {name: etcd, command: [etcd, --a=b]}\n',
      /^m\.yaml:3:3: it has no container kube-apiserver/,
    ],
    'a script': [
      'kind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n    command: [/bin/sh, -c, "exec kube-apiserver --a=b"]\n',
      /^m\.yaml:5:5: kube-apiserver has no flags here/,
    ],
    nothing: ['', /^m\.yaml:1:1: it is empty/],
    'a flag that is a number': [
      'kind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n    command: [kube-apiserver, --v, 2]\n',
      /^m\.yaml:5:36: this item is a number, and the kubelet needs text \(quote it\)/,
    ],
  };
  for (const [title, [text, message]] of Object.entries(table)) {
    it(title, () =>
      assert.throws(() => parseApiServerManifest(text, 'm.yaml'), {
        name: 'ControlPlaneError',
        code: 'API_SERVER_MANIFEST_INVALID',
        message,
      }),
    );
  }
});
