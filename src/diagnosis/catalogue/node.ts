import type { FindingKinds } from './finding-kind.ts';

const APPLY = 'kube-image-bouncer bootstrap image-policy --apply';
const STATIC = 'kube-image-bouncer bootstrap static --url https://HOST:PORT --apply';

/** What can be wrong with the files of a control-plane node. */
export const NODE = {
  MANIFEST_UNREADABLE: {
    severity: 'fault',
    why: 'The kubelet cannot start an API server from it.',
    remedy: 'mend the file, or take it back from the backup folder',
  },
  MANIFEST_LOST_FLAGS: {
    severity: 'fault',
    why: 'The files are there and the API server does not read them, as after a kubeadm upgrade: every image gets in.',
    remedy:
      'kube-image-bouncer bootstrap image-policy --apply; kubeadm keeps it with the files that this writes for it',
  },
  PLUGIN_WITHOUT_CONFIGURATION: {
    severity: 'fault',
    why: 'The plugin is on and told nothing, so that the API server does not start.',
    remedy: APPLY,
  },
  CONFIGURATION_WITHOUT_PLUGIN: {
    severity: 'fault',
    why: 'The configuration is read and the plugin is off: every image gets in.',
    remedy: APPLY,
  },
  PLUGIN_DISABLED: {
    severity: 'fault',
    why: 'A plugin that is enabled and disabled is an error, or off.',
    remedy: 'take it out of --disable-admission-plugins',
  },
  MOUNT_MISSING: {
    severity: 'fault',
    why: 'The API server runs in a container that does not have the file.',
    remedy: APPLY,
  },
  BACKUP_IN_MANIFESTS: {
    severity: 'fault',
    why: 'The kubelet runs every file of that folder, whatever its name: the old API server as well.',
    remedy: 'mv FILE /etc/kubernetes/kube-image-bouncer/backup/',
  },
  ADMISSION_CONFIGURATION_MISSING: {
    severity: 'fault',
    why: 'The API server does not start without the file that its flag names.',
    remedy: APPLY,
  },
  ADMISSION_CONFIGURATION_UNREADABLE: {
    severity: 'fault',
    why: 'The API server does not start with it.',
    remedy: 'mend the file at the place that is named',
  },
  GATE_KUBECONFIG_MISSING: {
    severity: 'fault',
    why: 'The API server does not start without the way to the gate.',
    remedy: APPLY,
  },
  GATE_KUBECONFIG_RELATIVE: {
    severity: 'fault',
    why: 'The path is looked for in the folder in which the API server happens to run.',
    remedy: 'write the absolute path',
  },
  GATE_KUBECONFIG_UNREADABLE: {
    severity: 'fault',
    why: 'The API server does not start with it.',
    remedy: 'mend the file at the place that is named',
  },
  GATE_KUBECONFIG_CONTEXT: {
    severity: 'fault',
    why: 'Without contexts and current-context the plugin says that no configuration has been provided, and the API server does not start.',
    remedy: APPLY,
  },
  GATE_NOT_HTTPS: {
    severity: 'fault',
    why: 'Whoever stands between the API server and the gate writes the verdict.',
    remedy: APPLY,
  },
  GATE_UNVERIFIED: {
    severity: 'fault',
    why: 'Whoever stands between the API server and the gate can take its place.',
    remedy: 'take insecure-skip-tls-verify out, and name the CA',
  },
  GATE_PATH_UNKNOWN: {
    severity: 'fault',
    why: 'The gate serves no ImageReview at this path, so that each call fails.',
    remedy: APPLY,
  },
  CLIENT_PAIR_UNUSABLE: {
    severity: 'fault',
    why: 'The gate turns the API server away, so that each call fails.',
    remedy: APPLY,
  },
  CLIENT_CERTIFICATE_EXPIRED: {
    severity: 'fault',
    why: 'The gate turns the API server away, so that each call fails.',
    remedy: APPLY,
  },
  CLIENT_CERTIFICATE_EXPIRING: {
    severity: 'warning',
    why: 'Once it has ended, the gate turns the API server away.',
    remedy: APPLY,
  },
  TTL_INVALID: {
    severity: 'fault',
    why: 'The API server does not start with a number out of range, or with a text such as 30s.',
    remedy:
      'write a whole number: 1 to 1800 seconds, up to 300000 milliseconds for retryBackoff, or -1 for none',
  },
  TTL_LONG: {
    severity: 'warning',
    why: 'For so long a changed policy is not seen.',
    remedy: 'write 50 or less',
  },
  DEFAULT_ALLOW: {
    severity: 'fault',
    why: 'Whenever the gate does not answer, every image gets in.',
    remedy: 'write defaultAllow: false, and restart the API server',
  },
  KEY_READABLE: {
    severity: 'warning',
    why: 'Whoever reads the key can speak as its owner.',
    remedy: 'chmod 600 FILE',
  },
  LEFTOVER_FILES: {
    severity: 'fault',
    why: 'What an uninstall left behind is started again and again, and cannot serve.',
    remedy: 'kube-image-bouncer bootstrap image-policy --undo',
  },
  IMAGE_VOLUMES_UNSEEN: {
    severity: 'note',
    why: 'ImagePolicyWebhook never sends the images of volumes, on any version.',
    remedy: 'kube-image-bouncer bootstrap webhook … --apply, beside it',
  },
  EPHEMERAL_CONTAINERS_UNSEEN: {
    severity: 'note',
    why: 'On this version kubectl debug brings any image into a pod without ImagePolicyWebhook being asked (CVE-2023-2727).',
    remedy:
      'upgrade to 1.24.15, 1.25.11, 1.26.6, 1.27.3 or newer, or kube-image-bouncer bootstrap webhook … --apply',
  },
  STATIC_FOLDER_MISSING: {
    severity: 'fault',
    why: 'The API server does not start without the folder of its static webhooks.',
    remedy: STATIC,
  },
  STATIC_FOLDER_EMPTY: {
    severity: 'fault',
    why: 'The folder is read and holds no webhook of ours: nobody asks the gate.',
    remedy: STATIC,
  },
  STATIC_OBJECT_UNREADABLE: {
    severity: 'fault',
    why: 'The API server does not start with it; one that runs keeps what it had.',
    remedy: 'mend the file at the place that is named',
  },
  STATIC_NAME: {
    severity: 'fault',
    why: 'Only names that end in .static.k8s.io may be loaded from files.',
    remedy: STATIC,
  },
  STATIC_SERVICE: {
    severity: 'fault',
    why: 'A static webhook is reached by URL only: there are no Services before the API server is up.',
    remedy: STATIC,
  },
  STATIC_TOO_OLD: {
    severity: 'fault',
    why: 'Before Kubernetes 1.36 no webhook is loaded from files, and in 1.36 only with the feature gate ManifestBasedAdmissionControlConfig.',
    remedy: 'kube-image-bouncer bootstrap image-policy --apply, until Kubernetes has been upgraded',
  },
} as const satisfies FindingKinds;
