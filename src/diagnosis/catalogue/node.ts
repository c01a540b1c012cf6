import { NODE_FOLDER } from '../../wiring/names.ts';
import { bootstrapWebhook, gateCommand, remedy, shellCommand } from '../remedy.ts';
import type { FindingKinds } from './finding-kind.ts';

const APPLY = remedy`${gateCommand('bootstrap image-policy', '--apply')}`;
const STATIC = remedy`${gateCommand('bootstrap static', '--url https://HOST:PORT --apply')}`;
const FIX = remedy`fix the file at the place that the message names`;

/** What can be wrong with the files of a control-plane node. */
export const NODE = {
  MANIFEST_UNREADABLE: {
    severity: 'fault',
    why: 'The kubelet cannot start an API server from it.',
    remedy: remedy`fix the file, or restore it from the backup folder`,
  },
  MANIFEST_LOST_FLAGS: {
    severity: 'fault',
    why: 'The files exist and the API server does not read them, as after a kubeadm upgrade: every image is admitted.',
    remedy: remedy`${gateCommand('bootstrap image-policy', '--apply')}; it also writes files for kubeadm, so that the next upgrade keeps the flags`,
  },
  FLAG_INVALID: {
    severity: 'fault',
    why: 'The API server does not start with this flag.',
    remedy: FIX,
  },
  PLUGIN_FILE_MISSING: {
    severity: 'fault',
    why: 'The API server does not start without the file that plugins[].path names.',
    remedy: remedy`write the path of an existing file, or ${gateCommand('bootstrap image-policy', '--apply')}`,
  },
  PLUGIN_FILE_UNREADABLE: {
    severity: 'fault',
    why: 'The API server does not start with this file, because plugins[].path names it.',
    remedy: FIX,
  },
  PLUGIN_WITHOUT_CONFIGURATION: {
    severity: 'fault',
    why: 'The plugin is enabled and has no configuration, so the API server does not start.',
    remedy: APPLY,
  },
  CONFIGURATION_WITHOUT_PLUGIN: {
    severity: 'fault',
    why: 'The configuration exists and the plugin is not enabled: every image is admitted.',
    remedy: APPLY,
  },
  PLUGIN_DISABLED: {
    severity: 'fault',
    why: 'If a plugin is both enabled and disabled, the API server does not start, or the plugin is off.',
    remedy: remedy`remove it from --disable-admission-plugins`,
  },
  MOUNT_MISSING: {
    severity: 'fault',
    why: 'The API server runs in a container that does not contain the file.',
    remedy: APPLY,
  },
  CONTROL_PLANE_OWNED: {
    severity: 'note',
    why: 'Another tool writes these flags, so a change of its files does not last; bootstrap changes nothing here.',
    remedy: remedy`${gateCommand('bootstrap image-policy')} prints the settings of this tool`,
  },
  BACKUP_IN_MANIFESTS: {
    severity: 'fault',
    why: 'The kubelet runs every file of that folder, whatever its name is, also the old API server.',
    remedy: remedy`${shellCommand('mv', 'FILE', `${NODE_FOLDER}/backup/`)}`,
  },
  ADMISSION_CONFIGURATION_MISSING: {
    severity: 'fault',
    why: 'The API server does not start without the file that its flag names.',
    remedy: APPLY,
  },
  ADMISSION_CONFIGURATION_UNREADABLE: {
    severity: 'fault',
    why: 'The API server does not start with this file.',
    remedy: FIX,
  },
  GATE_KUBECONFIG_MISSING: {
    severity: 'fault',
    why: 'The API server does not start without the kubeconfig that leads to the gate.',
    remedy: APPLY,
  },
  GATE_KUBECONFIG_RELATIVE: {
    severity: 'fault',
    why: 'The API server looks for a relative path in its working folder.',
    remedy: remedy`write the absolute path`,
  },
  GATE_KUBECONFIG_UNREADABLE: {
    severity: 'fault',
    why: 'The API server does not start with this file.',
    remedy: FIX,
  },
  GATE_KUBECONFIG_CONTEXT: {
    severity: 'fault',
    why: 'Without contexts and current-context the plugin reports that no configuration has been provided, and the API server does not start.',
    remedy: APPLY,
  },
  GATE_NOT_HTTPS: {
    severity: 'fault',
    why: 'An attacker on the network between the API server and the gate can write the verdict.',
    remedy: APPLY,
  },
  GATE_UNVERIFIED: {
    severity: 'fault',
    why: 'An attacker on the network between the API server and the gate can take the place of the gate.',
    remedy: remedy`remove insecure-skip-tls-verify, and name the CA`,
  },
  GATE_NAME_IN_CLUSTER: {
    severity: 'fault',
    why: "The API server asks the resolver of its node, and not the cluster's DNS, which alone knows this name.",
    remedy: remedy`give the API server a gate beside it (${gateCommand('bootstrap image-policy', '--apply')}), or a name that the node resolves`,
  },
  GATE_PATH_UNKNOWN: {
    severity: 'fault',
    why: 'The gate serves no ImageReview at this path, so each call fails.',
    remedy: APPLY,
  },
  CLIENT_PAIR_UNUSABLE: {
    severity: 'fault',
    why: 'The gate refuses the API server, so each call fails.',
    remedy: APPLY,
  },
  CLIENT_CERTIFICATE_EXPIRED: {
    severity: 'fault',
    why: 'The gate refuses the API server, so each call fails.',
    remedy: APPLY,
  },
  CLIENT_CERTIFICATE_EXPIRING: {
    severity: 'warning',
    why: 'After its end the gate refuses the API server.',
    remedy: APPLY,
  },
  TTL_INVALID: {
    severity: 'fault',
    why: 'The API server does not start with a number out of range, or with a text such as 30s.',
    remedy: remedy`write a whole number: 1 to 1800 seconds, up to 300000 milliseconds for retryBackoff, or -1 for none`,
  },
  SETTING_INVALID: {
    severity: 'fault',
    why: 'The API server does not start with a value of another type.',
    remedy: FIX,
  },
  TTL_LONG: {
    severity: 'warning',
    why: 'A changed policy has no effect on an image before this time is over.',
    remedy: remedy`write 50 or less`,
  },
  DEFAULT_ALLOW: {
    severity: 'fault',
    why: 'When the gate does not answer, every image is admitted.',
    remedy: remedy`write defaultAllow: false, and restart the API server`,
  },
  KEY_READABLE: {
    severity: 'warning',
    why: 'A user who can read the key can act as its owner.',
    remedy: remedy`${shellCommand('chmod', '600', 'FILE')}`,
  },
  LEFTOVER_FILES: {
    severity: 'fault',
    why: 'An uninstall left a pod behind: the kubelet starts it again and again, and it cannot serve.',
    remedy: remedy`${gateCommand('bootstrap image-policy', '--undo')}`,
  },
  IMAGE_VOLUMES_UNSEEN: {
    severity: 'note',
    why: 'ImagePolicyWebhook never sends the images of volumes, on any version.',
    remedy: remedy`${bootstrapWebhook('--apply')}, in addition`,
  },
  JOB_PODS_KEPT: {
    severity: 'note',
    why: 'Kubernetes ends a Job by removing a finalizer of its pods, and ImagePolicyWebhook judges this update too: a Job whose image is forbidden today never ends, and its pods cannot be deleted.',
    remedy: remedy`before stage deny, let the Jobs with forbidden images end, or delete them; if Jobs hang already: ${gateCommand('bootstrap image-policy', '--stage warn --apply')}, until they have ended`,
  },
  EPHEMERAL_CONTAINERS_UNSEEN: {
    severity: 'note',
    why: 'On this version kubectl debug adds any image to a pod, because ImagePolicyWebhook does not send it (CVE-2023-2727).',
    remedy: remedy`upgrade to 1.24.15, 1.25.11, 1.26.6, 1.27.3 or newer, or ${bootstrapWebhook('--apply')}`,
  },
  STATIC_FOLDER_MISSING: {
    severity: 'fault',
    why: 'The API server does not start without the folder of its static webhooks.',
    remedy: STATIC,
  },
  STATIC_FOLDER_EMPTY: {
    severity: 'fault',
    why: 'The API server reads the folder, but no webhook in it calls the gate.',
    remedy: STATIC,
  },
  STATIC_OBJECT_UNREADABLE: {
    severity: 'fault',
    why: 'The API server does not start with this file; a running one keeps the webhooks that it had.',
    remedy: FIX,
  },
  STATIC_NAME: {
    severity: 'fault',
    why: 'The API server loads from files only objects whose names end in .static.k8s.io.',
    remedy: STATIC,
  },
  STATIC_SERVICE: {
    severity: 'fault',
    why: 'A static webhook needs a URL, because there are no Services before the API server runs.',
    remedy: STATIC,
  },
  STATIC_TOO_OLD: {
    severity: 'fault',
    why: 'Before Kubernetes 1.36 the API server loads no webhook from files, and in 1.36 only with the feature gate ManifestBasedAdmissionControlConfig.',
    remedy: remedy`${gateCommand('bootstrap image-policy', '--apply')}, until you have upgraded Kubernetes`,
  },
} as const satisfies FindingKinds;
