import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocuments } from '../document/yaml.ts';
import { kubeadmVersionOf, renderKubeadmConfiguration, renderKubeadmPatch } from './kubeadm.ts';

const options = {
  plugins: ['NodeRestriction', 'ImagePolicyWebhook'],
  configurationFile: '/etc/gate/a.yaml',
  folder: '/etc/gate',
};
const open = (text: string): unknown => parseDocuments(text, 'k.yaml')[0]?.value;

test('the configuration of kubeadm has flags as a map until 1.30 and as a list since then', () => {
  assert.deepEqual([24, 30, 31, 37].map(kubeadmVersionOf), ['v1beta3', 'v1beta3', 'v1beta4', 'v1beta4']);
  const extraVolumes = [
    {
      name: 'kube-image-bouncer',
      hostPath: '/etc/gate',
      mountPath: '/etc/gate',
      readOnly: true,
      pathType: 'DirectoryOrCreate',
    },
  ];
  assert.deepEqual(open(renderKubeadmConfiguration('v1beta3', options)), {
    apiVersion: 'kubeadm.k8s.io/v1beta3',
    kind: 'ClusterConfiguration',
    apiServer: {
      extraArgs: {
        'enable-admission-plugins': 'NodeRestriction,ImagePolicyWebhook',
        'admission-control-config-file': '/etc/gate/a.yaml',
      },
      extraVolumes,
    },
  });
  assert.deepEqual(open(renderKubeadmConfiguration('v1beta4', options)), {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'ClusterConfiguration',
    apiServer: {
      extraArgs: [
        { name: 'enable-admission-plugins', value: 'NodeRestriction,ImagePolicyWebhook' },
        { name: 'admission-control-config-file', value: '/etc/gate/a.yaml' },
      ],
      extraVolumes,
    },
  });
});

test('the patch adds to the flags and volumes that kubeadm writes', () => {
  assert.deepEqual(open(renderKubeadmPatch(options)), [
    {
      op: 'add',
      path: '/spec/containers/0/command/-',
      value: '--enable-admission-plugins=ImagePolicyWebhook',
    },
    {
      op: 'add',
      path: '/spec/containers/0/command/-',
      value: '--admission-control-config-file=/etc/gate/a.yaml',
    },
    {
      op: 'add',
      path: '/spec/containers/0/volumeMounts/-',
      value: { name: 'kube-image-bouncer', mountPath: '/etc/gate', readOnly: true },
    },
    {
      op: 'add',
      path: '/spec/volumes/-',
      value: { name: 'kube-image-bouncer', hostPath: { path: '/etc/gate', type: 'DirectoryOrCreate' } },
    },
  ]);
});
