import type { AdmissionConfiguration } from '../../control-plane/admission-configuration.ts';
import type { ApiServerManifest } from '../../control-plane/api-server-manifest.ts';
import type { Distribution } from '../../control-plane/distribution.ts';
import type { FoundFile } from '../../control-plane/file-plan.ts';
import type { WrittenGateWay } from '../../control-plane/gate-kubeconfig.ts';
import type { WrittenImagePolicy } from '../../control-plane/image-policy-settings.ts';
import type { NamedFile, Opened } from '../../wiring/api-server-files.ts';
import type { WebhookPlugin } from '../../wiring/webhook-plugin-file.ts';
import type { KubernetesVersion } from '../../kubernetes/version.ts';
import type { ServedCertificate } from '../certificate/served.ts';
import type { ClientAnswer, ShownTo } from '../certificate/use.ts';
import type { UnreadSource } from '../finding.ts';
import type { PolicyMaterial } from '../policy.ts';
import type { SeenWebhook } from '../../wiring/webhook-configuration.ts';

/** Everything that doctor reads in the files of a control-plane node. */
export interface NodeMaterial {
  readonly now: Date;
  /** From the option, otherwise from the image of the manifest; `undefined` if both are missing. */
  readonly version: KubernetesVersion | undefined;
  readonly manifestFile: string;
  readonly manifest: Opened<ApiServerManifest>;
  /** The tool that owns the API server of the node; `undefined` for kubeadm and its relatives. */
  readonly distribution: Distribution | undefined;
  /** The names in the folder of the manifest, with the manifest. */
  readonly besides: readonly string[];
  /** Those of them that run kube-apiserver too, and whether these enable `ImagePolicyWebhook`. */
  readonly secondServers: readonly { readonly name: string; readonly enablesPlugin: boolean }[];
  /** The folder of the gate. */
  readonly folder: string;
  /** The names in that folder; empty if it does not exist. */
  readonly inFolder: readonly string[];
  /** `undefined` if no flag names one. */
  readonly admission: NamedFile<AdmissionConfiguration> | undefined;
  /** The file that `plugins[].path` names for `ImagePolicyWebhook`; `undefined` if it names none. */
  readonly pluginFile: NamedFile<unknown> | undefined;
  /** The configuration of `ValidatingAdmissionWebhook`; `undefined` if it has none. */
  readonly webhookPlugin: NamedFile<WebhookPlugin> | undefined;
  /** `undefined` if the plugin has no configuration. */
  readonly imagePolicy: { readonly file: string; readonly settings: WrittenImagePolicy } | undefined;
  readonly kubeconfig: KubeconfigMaterial | undefined;
  /** `undefined` if the API server calls webhooks anonymously. */
  readonly webhookUsers: WebhookUsers | undefined;
  /** `undefined` if the API server reads no static webhooks. */
  readonly staticFolder: StaticMaterial | undefined;
  /** The policy of the gate on this node, in its folder. */
  readonly policy: PolicyMaterial;
  /** The serving pair of the gate on this node; `undefined` if it is not in the folder. */
  readonly serving: ServingMaterial | undefined;
  /** The CA of the clients of that gate; `undefined` if `ImagePolicyWebhook` calls another gate. */
  readonly clientAuthority: ShownTo['authority'];
  /** The unit and the static pod of the gate, if `bootstrap` installed one here. */
  readonly runners: readonly { readonly file: string; readonly text: string }[];
  /** Private keys with their file modes. */
  readonly keys: readonly { readonly path: string; readonly mode: number }[];
  /** Paths that the API server reads and that no volume contains, and the settings that name them. */
  readonly unmounted: readonly { readonly path: string; readonly namedAt: string }[];
  readonly unread: readonly UnreadSource[];
  /** Whether doctor runs on the node of these files. Only then is a gate that does not answer a fault. */
  readonly isOnNode: boolean;
}

/** The kubeconfig of `ImagePolicyWebhook`, and the certificates that it names. */
export interface KubeconfigMaterial extends ClientPair {
  /** The path in the configuration, relative or absolute. */
  readonly written: string;
  /** `file:line:column` of the setting that names it. */
  readonly namedAt: string;
  readonly opened: Opened<WrittenGateWay>;
  readonly authority: Credential | undefined;
  readonly served: ServedCertificate | undefined;
  /** What the gate did with the pair of the API server; `undefined` if doctor could not show it. */
  readonly answer: ClientAnswer | undefined;
}

/** The certificate and the key that the API server shows to the gate. */
export interface ClientPair {
  readonly clientCertificate: Credential | undefined;
  readonly clientKey: Credential | undefined;
}

/** The kubeconfig with the credentials of the API server for webhooks. */
export interface WebhookUsers {
  /** `file:line:column` of the setting that names it. */
  readonly namedAt: string;
  /** The path in the configuration, relative or absolute. */
  readonly written: string;
  readonly opened: Opened<unknown>;
  readonly pairs: readonly ClientPair[];
}

/** PEM in a kubeconfig, or in a file that it names. */
export interface Credential {
  /** The file, or `file:line:column` of the data in the kubeconfig. */
  readonly place: string;
  /** `undefined` if the file does not exist, or if doctor may not read it. */
  readonly text: string | undefined;
  /** Why there is no text, and `file:line:column` of the setting that names the file. */
  readonly missing: { readonly namedAt: string; readonly what: string } | undefined;
}

/** The serving pair of the gate, PEM. */
interface ServingMaterial {
  readonly certificateFile: string;
  readonly certificate: string;
  /** `undefined` if the file does not exist. */
  readonly key: string | undefined;
}

/** The folder of static webhooks. */
export interface StaticMaterial {
  readonly path: string;
  /** `file:line:column` of the setting that names it. */
  readonly namedAt: string;
  /** `undefined` if the folder does not exist. */
  readonly files: readonly StaticFile[] | undefined;
  readonly served: readonly ServedCertificate[];
}

export interface StaticFile {
  readonly file: string;
  /** The reason why it cannot be read. */
  readonly problem: string | undefined;
  readonly names: readonly string[];
  readonly webhooks: readonly SeenWebhook[];
}

/** Reads the files of a node. */
export interface NodeFiles {
  /** The file; `undefined` if it does not exist. Rejects with a {@link ControlPlaneError} if doctor may not read it. */
  readonly find: (path: string) => Promise<FoundFile | undefined>;
  /** The names in a folder; `undefined` if it does not exist. */
  readonly list: (folder: string) => Promise<readonly string[] | undefined>;
}
