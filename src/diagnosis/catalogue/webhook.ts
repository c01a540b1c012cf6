import { bootstrapWebhook, remedy, shellCommand } from '../remedy.ts';
import type { FindingKinds } from './finding-kind.ts';

const APPLY = remedy`${bootstrapWebhook('--apply')}`;
/** Without the choice of exempt namespaces: a namespace that the selector leaves out by mistake is not such a choice. */
const COVER = remedy`${bootstrapWebhook('--apply', ['exempt-namespaces'])}`;
const PATCH = remedy`remove it with the kubectl patch that doctor shows`;

/** What can be wrong with a webhook configuration. */
export const WEBHOOK = {
  FAILURE_POLICY_IGNORE: {
    severity: 'fault',
    why: 'When the gate does not answer, every image is admitted.',
    remedy: APPLY,
  },
  FAILURE_POLICY_FAIL: {
    severity: 'warning',
    why: 'At this stage the gate refuses nothing, but a gate that does not answer still blocks every pod.',
    remedy: APPLY,
  },
  TIMEOUT_LONG: {
    severity: 'warning',
    why: 'A gate that hangs delays every request by this time, and a whole request has 34 seconds.',
    remedy: APPLY,
  },
  TIMEOUT_SHORT: {
    severity: 'warning',
    why: 'A busy machine sometimes needs longer to answer, and then requests fail without reason.',
    remedy: APPLY,
  },
  SIDE_EFFECTS: {
    severity: 'fault',
    why: 'With any other value the API server refuses dry runs without calling the gate, so neither kubectl diff nor doctor works.',
    remedy: APPLY,
  },
  REVIEW_VERSION_MISSING: {
    severity: 'warning',
    why: 'The API server sends the first version of the list that it supports; only v1 will stay.',
    remedy: APPLY,
  },
  MATCH_POLICY_EXACT: {
    severity: 'warning',
    why: 'The API server does not send an object to the gate if the client uses another version of its API.',
    remedy: APPLY,
  },
  OBJECT_SELECTOR: {
    severity: 'fault',
    why: 'The user who creates a pod writes its labels, and so chooses whether the gate is called.',
    remedy: PATCH,
  },
  SELECTOR_SETTABLE: {
    severity: 'fault',
    why: 'A user who may label a namespace chooses whether the gate is called.',
    remedy: COVER,
  },
  SELECTOR_TOO_OLD: {
    severity: 'fault',
    why: 'Before Kubernetes 1.21 the API server does not set kubernetes.io/metadata.name itself, so users can set it.',
    remedy: remedy`upgrade Kubernetes, or remove the namespaceSelector`,
  },
  NAMESPACE_UNCOVERED: {
    severity: 'warning',
    why: 'No webhook checks the images of these namespaces.',
    remedy: COVER,
  },
  KUBE_SYSTEM_NOT_DENIED: {
    severity: 'note',
    why: 'A user who may create pods in kube-system may use any image there; in return, a gate that is down never blocks CNI or DNS.',
    remedy: remedy`${bootstrapWebhook('--kube-system deny --apply', ['kube-system'])}, if you want the gate to refuse there`,
  },
  MATCH_CONDITION: {
    severity: 'warning',
    why: 'The API server does not send to the gate what the condition excludes.',
    remedy: PATCH,
  },
  KIND_NOT_COVERED: {
    severity: 'fault',
    why: 'The API server does not send objects of this kind to the gate.',
    remedy: APPLY,
  },
  CUSTOM_RESOURCES_NOT_COVERED: {
    severity: 'note',
    why: 'Where these custom resources are installed, their authors get no message; the gate judges the pods that they create.',
    remedy: APPLY,
  },
  OPERATION_NOT_COVERED: {
    severity: 'fault',
    why: 'The gate does not judge an image that this operation adds.',
    remedy: APPLY,
  },
  SUBRESOURCE_NOT_COVERED: {
    severity: 'fault',
    why: 'kubectl debug adds an image to a running pod through this subresource.',
    remedy: APPLY,
  },
  SCOPE_CLUSTER: {
    severity: 'fault',
    why: 'Pods, and all objects that create pods, are in namespaces; a rule with scope Cluster selects none of them.',
    remedy: APPLY,
  },
  PATH_UNKNOWN: {
    severity: 'fault',
    why: 'The gate has no such path, so each call fails.',
    remedy: APPLY,
  },
  WEBHOOK_DUPLICATE: {
    severity: 'warning',
    why: 'The API server calls the gate more than once for each object, and a repair of one configuration leaves the other.',
    remedy: remedy`${shellCommand('kubectl', 'delete', 'validatingwebhookconfiguration', 'NAME')}, for the configuration that is not yours`,
  },
  WEBHOOK_LEFTOVER: {
    severity: 'fault',
    why: 'An uninstall left it behind: it calls a gate that no longer exists.',
    remedy: remedy`${bootstrapWebhook('--delete')}`,
  },
  TEMPLATES_UNSEEN: {
    severity: 'note',
    why: 'ImagePolicyWebhook judges pods only: the author of a Deployment gets no message, only its pods fail.',
    remedy: remedy`${bootstrapWebhook('--apply')}, in addition`,
  },
} as const satisfies FindingKinds;
