import { describe } from 'node:test';
import { imagePolicyReports, staticReports, type NodeChange } from '#test/node-findings.ts';

const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';

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
    files: { [`${MANIFEST}.bak`]: 'kind: Pod\n' },
  });
  imagePolicyReports([], 'a hidden file beside the manifest', {
    files: { '/etc/kubernetes/manifests/.kube-apiserver.yaml.swp': 'x' },
  });
});
