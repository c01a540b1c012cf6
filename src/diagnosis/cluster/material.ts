import type { KubernetesObject } from '../../kubernetes/object.ts';
import type { Stage } from '../../policy/stage.ts';
import type { KubernetesVersion } from '../../kubernetes/version.ts';
import type { CanaryResult } from '../../wiring/canary.ts';
import type { ServedCertificate } from '../certificate/served.ts';
import type { UnreadSource } from '../finding.ts';
import type { PolicyMaterial } from '../policy.ts';
import type { SeenWebhook } from '../webhook/seen-webhook.ts';

/** Everything that was read of a cluster; what could not be read is `undefined`, and told in `unread`. */
export interface ClusterMaterial {
  /** `https://host:port` of the API server. */
  readonly server: string;
  readonly version: KubernetesVersion;
  readonly now: Date;
  /** By how much the API server's clock is ahead of ours; both are read to the second. */
  readonly clockAheadMs: number | undefined;
  /** Those that ask the gate, of all configurations; none when they may not be read. */
  readonly webhooks: readonly SeenWebhook[];
  readonly areWebhooksRead: boolean;
  readonly namespaces: readonly KubernetesObject[] | undefined;
  readonly gate: GateMaterial;
  readonly policy: PolicyMaterial;
  readonly people: PeopleMaterial | undefined;
  /** Pods of kube-apiserver as their nodes tell of them; none where others run the control plane. */
  readonly apiServers: readonly KubernetesObject[];
  /** The stage of `ImagePolicyWebhook` by the files of a node; `undefined` where no files were read. */
  readonly imagePolicyStage: Stage | undefined;
  readonly canaries: Canaries;
  readonly served: readonly ServedCertificate[];
  readonly unread: readonly UnreadSource[];
}

/** The gate's own objects in its namespace. */
export interface GateMaterial {
  readonly namespace: string;
  /** By `namespace/name`, those that webhooks call; `undefined` in place of one that is not there. */
  readonly services: ReadonlyMap<string, ServiceMaterial | undefined>;
  readonly deployment: KubernetesObject | undefined;
  readonly budgets: readonly KubernetesObject[];
  readonly networkPolicies: readonly KubernetesObject[];
  /** `unread` where Secrets may not be read. */
  readonly servingSecret: KubernetesObject | 'none' | 'unread';
}

export interface ServiceMaterial {
  readonly service: KubernetesObject;
  /** Addresses that are ready. */
  readonly endpoints: readonly string[];
}

/** Who may do what. */
export interface PeopleMaterial {
  readonly clusterRoles: readonly KubernetesObject[];
  readonly clusterRoleBindings: readonly KubernetesObject[];
  /** Of the gate's namespace. */
  readonly roles: readonly KubernetesObject[];
  readonly roleBindings: readonly KubernetesObject[];
}

/** What became of the trial objects. */
export interface Canaries {
  readonly namespace: string;
  readonly badPod: CanaryResult;
  readonly badDeployment: CanaryResult;
  /** `undefined` when no image is known that the policy admits. */
  readonly goodPod: { readonly image: string; readonly result: CanaryResult } | undefined;
}

/** How an address is called in {@link ServedCertificate}. */
export function addressOf({ target }: SeenWebhook): string {
  if (target.form === 'service') return `Service ${target.namespace}/${target.name}`;
  return URL.parse(target.url)?.origin ?? target.url;
}
