import type { KubernetesObject } from '../../kubernetes/object.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Stage } from '../../policy/stage.ts';
import type { KubernetesVersion } from '../../kubernetes/version.ts';
import type { CanaryResult } from '../../wiring/canary.ts';
import type { ServedCertificate } from '../certificate/served.ts';
import type { UnreadSource } from '../finding.ts';
import type { PolicyMaterial } from '../policy.ts';
import type { SeenWebhook } from '../../wiring/webhook-configuration.ts';

/** Everything that doctor reads in a cluster. A part that it may not read is empty, with an entry in `unread`. */
export interface ClusterMaterial {
  /** `https://host:port` of the API server. */
  readonly server: string;
  readonly version: KubernetesVersion;
  readonly now: Date;
  /** The clock of the API server minus the clock of this machine, with an accuracy of one second. */
  readonly clockAheadMs: number | undefined;
  /** The webhooks of all configurations that call the gate. */
  readonly webhooks: readonly SeenWebhook[];
  readonly areWebhooksRead: boolean;
  readonly namespaces: readonly KubernetesObject[] | undefined;
  readonly gate: GateMaterial;
  readonly policy: PolicyMaterial;
  readonly people: PeopleMaterial | undefined;
  /** The mirror pods of kube-apiserver; empty if a provider runs the control plane. */
  readonly apiServers: readonly KubernetesObject[];
  /** The nodes whose container runtime is CRI-O, with its version. */
  readonly crioNodes: readonly string[];
  /** The policy of the gate on the control-plane node that doctor examines too. */
  readonly nodePolicy: Policy | undefined;
  /** The stage of `ImagePolicyWebhook` in the files of a node; `undefined` if they were not read. */
  readonly imagePolicyStage: Stage | undefined;
  readonly canaries: Canaries;
  readonly served: readonly ServedCertificate[];
  readonly unread: readonly UnreadSource[];
}

/** The objects of the gate in its namespace. */
export interface GateMaterial {
  readonly namespace: string;
  /** The Services that webhooks call, by `namespace/name`; `undefined` for one that does not exist. */
  readonly services: ReadonlyMap<string, ServiceMaterial | undefined>;
  readonly deployment: KubernetesObject | undefined;
  readonly budgets: readonly KubernetesObject[];
  readonly networkPolicies: readonly KubernetesObject[];
  /** `unread` if doctor may not read it. */
  readonly servingSecret: KubernetesObject | 'none' | 'unread';
}

export interface ServiceMaterial {
  readonly service: KubernetesObject;
  /** The ready addresses. */
  readonly endpoints: readonly string[];
}

/** Roles and bindings. */
export interface PeopleMaterial {
  readonly clusterRoles: readonly KubernetesObject[];
  readonly clusterRoleBindings: readonly KubernetesObject[];
  /** In the namespace of the gate. */
  readonly roles: readonly KubernetesObject[];
  readonly roleBindings: readonly KubernetesObject[];
}

/** The results of the trial objects. */
export interface Canaries {
  readonly namespace: string;
  readonly badPod: CanaryResult;
  readonly badDeployment: CanaryResult;
  /** `undefined` if no good image is known. */
  readonly goodPod: { readonly image: string; readonly result: CanaryResult } | undefined;
}

/** The address of a webhook, as in {@link ServedCertificate}. */
export function addressOf({ target }: SeenWebhook): string {
  if (target.form === 'service') return `Service ${target.namespace}/${target.name}`;
  return URL.parse(target.url)?.origin ?? target.url;
}
