import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseApiServerManifest } from './api-server-manifest.ts';
import { recogniseDistribution, refuseOwned, renderDistributionSettings } from './distribution.ts';

const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';

const pod = (image: string, volume: string): string =>
  JSON.stringify({
    kind: 'Pod',
    spec: {
      containers: [{ name: 'kube-apiserver', image, command: ['kube-apiserver', '--v=2'] }],
      volumes: [{ hostPath: { path: volume } }],
    },
  });

const UPSTREAM = 'registry.k8s.io/kube-apiserver:v1.37.1';
const SETTINGS = {
  plugins: ['NodeRestriction', 'ImagePolicyWebhook'],
  configurationFile: '/gate/a.yaml',
  folder: '/gate',
};

describe('X05 the tool that owns an API server is recognised', () => {
  const nameOf = async (
    manifestFile: string,
    text: string | undefined,
    folders: readonly string[] = [],
  ): Promise<string | undefined> =>
    (await recogniseDistribution({ manifestFile, text, hasFolder: async (path) => folders.includes(path) }))
      ?.name;
  const CASES: readonly (readonly [
    title: string,
    ...args: Parameters<typeof nameOf>,
    name: string | undefined,
  ])[] = [
    ['kubeadm', MANIFEST, pod(UPSTREAM, '/etc/kubernetes/pki'), ['/etc/rancher/k3s'], undefined],
    ['RKE2 by its image', MANIFEST, pod('index.docker.io/rancher/hardened-kubernetes:v1', '/x'), [], 'rke2'],
    ['RKE2 by its folders', '/x/y.yaml', pod(UPSTREAM, '/var/lib/rancher/rke2/server/tls'), [], 'rke2'],
    [
      'RKE2 by the path',
      '/var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml',
      pod(UPSTREAM, '/x'),
      [],
      'rke2',
    ],
    ['RKE2 without a manifest of kubeadm', MANIFEST, undefined, ['/var/lib/rancher/rke2/server'], 'rke2'],
    ['k3s by its configuration', '/x/config.yaml', 'kube-apiserver-arg:\n- v=2\n', [], 'k3s'],
    ['k3s without a manifest', MANIFEST, undefined, ['/etc/rancher/k3s'], 'k3s'],
    ['MicroK8s by its arguments', '/x/kube-apiserver', '--cert-dir=${SNAP_DATA}/certs\n', [], 'microk8s'],
    ['MicroK8s without a manifest', MANIFEST, undefined, ['/var/snap/microk8s'], 'microk8s'],
    ['minikube', MANIFEST, pod(UPSTREAM, '/var/lib/minikube/certs'), [], 'minikube'],
    ['no API server', MANIFEST, undefined, [], undefined],
  ];
  for (const [title, path, text, folders, name] of CASES)
    it(title, async () => assert.equal(await nameOf(path, text, folders), name));
});

describe('X05 a tool is given its own settings, and nothing is changed', () => {
  for (const [name, expected] of [
    [
      'rke2',
      /config\.yaml.*rke2-server\nkube-apiserver-arg:\n- enable-admission-plugins=NodeRestriction,ImagePolicyWebhook\n- admission-control-config-file=\/gate\/a\.yaml\nkube-apiserver-extra-mount:\n- \/gate:\/gate:ro\n$/,
    ],
    [
      'k3s',
      /restart k3s\nkube-apiserver-arg:\n- enable-admission-plugins=.*\n- admission-control-config-file=\/gate\/a\.yaml\n$/,
    ],
    [
      'microk8s',
      /microk8s start\n--enable-admission-plugins=.*\n--admission-control-config-file=\/gate\/a\.yaml\n$/,
    ],
    [
      'minikube',
      /minikube start --extra-config=apiserver\.enable-admission-plugins=.* --extra-config=apiserver\.admission-control-config-file=\/gate\/a\.yaml\n$/,
    ],
  ] as const)
    it(name, () => assert.match(renderDistributionSettings({ name }, SETTINGS), expected));

  it('a wiring that needs no plugin names none', () =>
    assert.doesNotMatch(
      renderDistributionSettings({ name: 'k3s' }, { ...SETTINGS, plugins: [] }),
      /plugins/,
    ));

  it('--apply is refused with the settings', async () => {
    const distribution = await recogniseDistribution({
      manifestFile: '/etc/rancher/k3s/config.yaml',
      text: '',
      hasFolder: async () => false,
    });
    assert.ok(distribution !== undefined);
    assert.throws(() => refuseOwned({ distribution, settings: 'a: b\n' }), {
      code: 'NODE_OWNED',
      message: /belongs to k3s.*nothing was changed.*these settings:\na: b\n$/,
    });
    refuseOwned(undefined);
  });
});

describe('X05 the flags of an API server that is no pod are read', () => {
  it('in the arguments of MicroK8s, with the folder of the snap', () => {
    const { enabledPlugins, admissionConfigFile, hostPathOf, positionOf, flag } = parseApiServerManifest(
      '# x\n--cert-dir=${SNAP_DATA}/certs\n--enable-admission-plugins=ImagePolicyWebhook\n--admission-control-config-file=${SNAP_DATA}/args/a.yaml\n',
      'args',
    );
    assert.deepEqual(enabledPlugins, ['ImagePolicyWebhook']);
    assert.equal(hostPathOf(admissionConfigFile ?? ''), '/var/snap/microk8s/current/args/a.yaml');
    assert.equal(positionOf(flag('admission-control-config-file')?.path ?? []), 'args:4:1');
  });

  it('in the configuration of k3s, as a list and as one text', () => {
    const list = 'token: x\nkube-apiserver-arg:\n- enable-admission-plugins=A,B\n- v=2\n';
    const { enabledPlugins, positionOf, flag } = parseApiServerManifest(list, 'c.yaml');
    assert.deepEqual(enabledPlugins, ['A', 'B']);
    assert.equal(positionOf(flag('v')?.path ?? []), 'c.yaml:4:3');
    const one = parseApiServerManifest('kube-apiserver-arg: enable-admission-plugins=C\n', 'c.yaml');
    assert.deepEqual(one.enabledPlugins, ['C']);
  });
});
