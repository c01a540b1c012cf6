import type { FindingKinds } from './finding-kind.ts';

const APPLY = 'kube-image-bouncer bootstrap webhook … --apply';

/** What can be wrong with a webhook configuration. */
export const WEBHOOK = {
  FAILURE_POLICY_IGNORE: {
    severity: 'fault',
    why: 'Whenever the gate does not answer, every image gets in.',
    remedy: APPLY,
  },
  FAILURE_POLICY_FAIL: {
    severity: 'warning',
    why: 'At this stage nothing is refused, but a gate that does not answer still blocks every pod.',
    remedy: APPLY,
  },
  TIMEOUT_LONG: {
    severity: 'warning',
    why: 'A gate that hangs makes every request wait so long, and a whole request has 34 seconds.',
    remedy: APPLY,
  },
  TIMEOUT_SHORT: {
    severity: 'warning',
    why: 'A busy machine needs longer now and then, and then requests fail that should not.',
    remedy: APPLY,
  },
  SIDE_EFFECTS: {
    severity: 'fault',
    why: 'With any other value the API server refuses dry runs without asking, so that neither kubectl diff nor doctor works.',
    remedy: APPLY,
  },
  REVIEW_VERSION_MISSING: {
    severity: 'warning',
    why: 'The API server sends the first version of the list that it knows; v1 is the one that stays.',
    remedy: APPLY,
  },
  MATCH_POLICY_EXACT: {
    severity: 'warning',
    why: 'The same object sent in another API version is not sent to the gate.',
    remedy: APPLY,
  },
  OBJECT_SELECTOR: {
    severity: 'fault',
    why: 'Whoever creates a pod writes its labels, and so chooses whether the gate is asked.',
    remedy: 'take it out, with the kubectl patch that is shown',
  },
  SELECTOR_SETTABLE: {
    severity: 'fault',
    why: 'Whoever may label a namespace chooses whether the gate is asked.',
    remedy: APPLY,
  },
  SELECTOR_TOO_OLD: {
    severity: 'fault',
    why: 'Before Kubernetes 1.21 the API server does not set kubernetes.io/metadata.name itself, so that users can.',
    remedy: 'upgrade Kubernetes, or select namespaces by nothing',
  },
  NAMESPACE_UNCOVERED: {
    severity: 'warning',
    why: 'In these namespaces any image gets in, as far as webhooks are concerned.',
    remedy: APPLY,
  },
  KUBE_SYSTEM_NOT_DENIED: {
    severity: 'note',
    why: 'Whoever may create pods in kube-system may use any image there; in return a dead gate never blocks CNI or DNS.',
    remedy: 'kube-image-bouncer bootstrap webhook … --kube-system deny --apply, if you want it otherwise',
  },
  MATCH_CONDITION: {
    severity: 'warning',
    why: 'What the condition excludes is not sent to the gate.',
    remedy: 'take it out, with the kubectl patch that is shown',
  },
  KIND_NOT_COVERED: {
    severity: 'fault',
    why: 'Objects of these kinds are not sent to the gate.',
    remedy: APPLY,
  },
  CUSTOM_RESOURCES_NOT_COVERED: {
    severity: 'note',
    why: 'The authors of these are not told, where they are installed; the pods that come of them are judged.',
    remedy: APPLY,
  },
  OPERATION_NOT_COVERED: {
    severity: 'fault',
    why: 'An image that is put in by this operation is not judged.',
    remedy: APPLY,
  },
  SUBRESOURCE_NOT_COVERED: {
    severity: 'fault',
    why: 'kubectl debug puts an image into a running pod through this subresource.',
    remedy: APPLY,
  },
  SCOPE_CLUSTER: {
    severity: 'fault',
    why: 'Pods and everything that makes pods live in namespaces; such a rule sees none of them.',
    remedy: APPLY,
  },
  PATH_UNKNOWN: {
    severity: 'fault',
    why: 'The gate serves nothing at this path, so that each call fails.',
    remedy: APPLY,
  },
  WEBHOOK_DUPLICATE: {
    severity: 'warning',
    why: 'The gate is asked more than once about each object, and a repair of one leaves the other.',
    remedy: 'kubectl delete validatingwebhookconfiguration NAME, for the one that is not yours',
  },
  WEBHOOK_LEFTOVER: {
    severity: 'fault',
    why: 'It is what an uninstall left behind: it calls a gate that is gone, for ever.',
    remedy: 'kube-image-bouncer bootstrap webhook … --delete',
  },
  TEMPLATES_UNSEEN: {
    severity: 'note',
    why: 'ImagePolicyWebhook is asked about pods only: the author of a Deployment is not told, only its pods fail.',
    remedy: 'kube-image-bouncer bootstrap webhook … --apply, beside it',
  },
} as const satisfies FindingKinds;
