import { describe } from 'node:test';
import { imagePolicyReports, staticReports, type NodeChange } from '#test/node-findings.ts';

const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';

const API_SERVER_POD = `kind: Pod
spec: {containers: [{name: server, command: [kube-apiserver, --v=2]}]}
`;

const withoutPlugin = (text: string): string => text.replace(',ImagePolicyWebhook', '');
const withoutConfiguration = (text: string): string =>
  text.replace(/^ *- --admission-control-config-file=.*\n/m, '');

function manifest(change: (text: string) => string): NodeChange {
  return { files: { [MANIFEST]: change } };
}

describe('the manifest of kube-apiserver', () => {
  imagePolicyReports(['MANIFEST_UNREADABLE'], 'a file that does not exist', {
    files: { [MANIFEST]: undefined },
  });
  imagePolicyReports(['MANIFEST_UNREADABLE'], 'a file that is no pod', {
    files: { [MANIFEST]: 'kind: Nothing\n' },
  });
  imagePolicyReports(['PLUGIN_DISABLED'], 'a plugin that is enabled and disabled', {
    ...manifest((text) =>
      text.replace(/^( *)- --admission-control/m, '$1- --disable-admission-plugins=ImagePolicyWebhook\n$&'),
    ),
  });
  imagePolicyReports(
    ['CONFIGURATION_WITHOUT_PLUGIN'],
    'a configuration without the plugin',
    manifest(withoutPlugin),
  );
  imagePolicyReports(['PLUGIN_WITHOUT_CONFIGURATION'], 'a plugin without a configuration file', {
    ...manifest(withoutConfiguration),
  });
  imagePolicyReports(['PLUGIN_WITHOUT_CONFIGURATION'], 'a configuration file without the plugin', {
    files: {
      'admission-configuration.yaml': (text) =>
        text.replace('name: ImagePolicyWebhook', 'name: EventRateLimit'),
    },
  });
  imagePolicyReports(['FLAG_INVALID'], 'X02 a plugin in other letters', {
    ...manifest((text) => text.replace('ImagePolicyWebhook', 'ImagePolicyWebHook')),
  });
  imagePolicyReports(['FLAG_INVALID'], 'X02 a flag that kube-apiserver does not have', {
    ...manifest((text) => text.replace('admission-control-config', 'admission-controller-config')),
  });
  imagePolicyReports(['PLUGIN_WITHOUT_CONFIGURATION'], 'X02 a configuration of a plugin in other letters', {
    files: {
      'admission-configuration.yaml': (text) =>
        text.replace('name: ImagePolicyWebhook', 'name: imagePolicyWebhook'),
    },
  });
  imagePolicyReports(['MANIFEST_LOST_FLAGS'], 'a manifest that kubeadm has written again', {
    ...manifest((text) => withoutConfiguration(withoutPlugin(text))),
  });
  imagePolicyReports(['NO_WIRING'], 'a node without files of the gate', {
    ...manifest((text) => withoutConfiguration(withoutPlugin(text))),
    material: { inFolder: ['backup'] },
  });
  staticReports([], 'a webhook from a file without ImagePolicyWebhook', {});
});

describe('what kube-apiserver and the kubelet see of the files', () => {
  imagePolicyReports(['MOUNT_MISSING'], 'files outside every volume', {
    ...manifest((text) => text.replace(/mountPath: .*/, 'mountPath: /elsewhere')),
  });
  imagePolicyReports(['BACKUP_IN_MANIFESTS'], 'a backup beside the manifest', {
    files: { [`${MANIFEST}.bak`]: API_SERVER_POD },
  });
  imagePolicyReports(['CONTROL_PLANE_OWNED'], 'X05 a manifest that RKE2 writes', {
    ...manifest((text) => text.replace('registry.k8s.io/kube-apiserver', 'rancher/hardened-kubernetes')),
  });
  imagePolicyReports(
    ['CONTROL_PLANE_OWNED'],
    'X05 an API server of MicroK8s, whose flags are in another file',
    {
      files: {
        [MANIFEST]: undefined,
        '/var/snap/microk8s/current/args/kube-apiserver':
          '--enable-admission-plugins=ImagePolicyWebhook\n--admission-control-config-file=/etc/kubernetes/kube-image-bouncer/admission-configuration.yaml\n',
      },
    },
  );
  imagePolicyReports(['CONTROL_PLANE_OWNED', 'NO_WIRING'], 'X05 an API server of k3s without any setting', {
    files: { [MANIFEST]: undefined, '/etc/rancher/k3s/k3s.yaml': 'x' },
  });
  imagePolicyReports(['BACKUP_IN_MANIFESTS'], 'X06 a second API server in a file with another name', {
    files: { '/etc/kubernetes/manifests/apiserver-old.yml': API_SERVER_POD },
  });
  imagePolicyReports([], 'X06 another pod and a broken file beside the manifest', {
    files: {
      '/etc/kubernetes/manifests/kube-apiserver-proxy.yaml': API_SERVER_POD.replaceAll(
        'kube-apiserver',
        'proxy',
      ),
      '/etc/kubernetes/manifests/kube-apiserver.yaml.old': 'kind: [',
    },
  });
  imagePolicyReports([], 'a hidden file beside the manifest', {
    files: { '/etc/kubernetes/manifests/.kube-apiserver.yaml.swp': 'x' },
  });
});
