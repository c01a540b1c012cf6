import type { AdmissionConfiguration } from '../../control-plane/admission-configuration.ts';
import type { ApiServerManifest } from '../../control-plane/api-server-manifest.ts';
import type { FoundFile } from '../../control-plane/file-plan.ts';
import type { WrittenGateWay } from '../../control-plane/gate-kubeconfig.ts';
import type { WrittenImagePolicy } from '../../control-plane/image-policy-settings.ts';
import type { Opened } from '../../wiring/api-server-files.ts';
import type { KubernetesVersion } from '../../kubernetes/version.ts';
import type { ServedCertificate } from '../certificate/served.ts';
import type { UnreadSource } from '../finding.ts';
import type { PolicyMaterial } from '../policy.ts';
import type { SeenWebhook } from '../webhook/seen-webhook.ts';

/** Everything that was read of the files of a control-plane node. */
export interface NodeMaterial {
  readonly now: Date;
  /** `undefined` when neither an option nor the image of the manifest says. */
  readonly version: KubernetesVersion | undefined;
  readonly manifestFile: string;
  readonly manifest: Opened<ApiServerManifest>;
  /** Names of the files beside the manifest, its own among them. */
  readonly besides: readonly string[];
  /** Where the gate's own files are. */
  readonly folder: string;
  /** Names in that folder; none when it is not there. */
  readonly inFolder: readonly string[];
  /** `undefined` when no flag names one. */
  readonly admission: Opened<AdmissionConfiguration> | undefined;
  /** `undefined` when the plugin is told nothing. */
  readonly imagePolicy: { readonly file: string; readonly settings: WrittenImagePolicy } | undefined;
  readonly kubeconfig: KubeconfigMaterial | undefined;
  /** `undefined` when webhooks are asked anonymously. */
  readonly webhookUsers: WebhookUsers | undefined;
  /** `undefined` when no static webhooks are read. */
  readonly staticFolder: StaticMaterial | undefined;
  /** The policy of the gate on this node, in its folder. */
  readonly policy: PolicyMaterial;
  /** The pair that the gate on this node serves with; `undefined` when it is not in the folder. */
  readonly serving: ServingMaterial | undefined;
  /** Private keys that are named, and how open they are. */
  readonly keys: readonly { readonly path: string; readonly mode: number }[];
  /** Paths that the API server reads and no volume leads to. */
  readonly unmounted: readonly string[];
  readonly unread: readonly UnreadSource[];
  /** A dead gate is a fault on the node that it should run on; files may be examined anywhere. */
  readonly isOnNode: boolean;
}

/** The API server's way to the gate. */
export interface KubeconfigMaterial extends ClientPair {
  /** As it is written: relative or absolute. */
  readonly written: string;
  readonly opened: Opened<WrittenGateWay>;
  readonly authority: Credential | undefined;
  readonly served: ServedCertificate | undefined;
}

/** By which the API server proves who it is. */
export interface ClientPair {
  readonly clientCertificate: Credential | undefined;
  readonly clientKey: Credential | undefined;
}

/** The kubeconfig by which the API server proves to webhooks who it is. */
export interface WebhookUsers {
  /** The file that names it. */
  readonly namedIn: string;
  /** As it is written: relative or absolute. */
  readonly written: string;
  readonly opened: Opened<unknown>;
  readonly pairs: readonly ClientPair[];
}

/** PEM that a kubeconfig names or holds; `text` is `undefined` when the file is not there. */
export interface Credential {
  readonly place: string;
  readonly text: string | undefined;
}

/** The gate's own pair, PEM. */
export interface ServingMaterial {
  readonly certificateFile: string;
  readonly certificate: string;
  /** `undefined` when the file is not there. */
  readonly key: string | undefined;
}

/** The folder of static webhooks. */
export interface StaticMaterial {
  readonly path: string;
  /** `undefined` when the folder is not there. */
  readonly files: readonly StaticFile[] | undefined;
  readonly served: readonly ServedCertificate[];
}

export interface StaticFile {
  readonly file: string;
  /** `problem` when it cannot be read; names of its objects, and the webhooks that ask the gate. */
  readonly problem: string | undefined;
  readonly names: readonly string[];
  readonly webhooks: readonly SeenWebhook[];
}

/** Reads the files of a node. */
export interface NodeFiles {
  /** The file; `undefined` when there is none. Rejects with a {@link ControlPlaneError} when it may not be read. */
  readonly find: (path: string) => Promise<FoundFile | undefined>;
  /** The names in a folder; `undefined` when there is none. */
  readonly list: (folder: string) => Promise<readonly string[] | undefined>;
}
