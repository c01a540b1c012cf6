import type { FindingKinds } from './finding-kind.ts';

const APPLY = 'kube-image-bouncer bootstrap webhook … --apply';

/** What can be wrong with the gate in a cluster: its objects, its policy, and who may touch them. */
export const GATE = {
  SERVICE_MISSING: {
    severity: 'fault',
    why: 'The API server finds no gate to ask.',
    remedy: APPLY,
  },
  SERVICE_PORT_WRONG: {
    severity: 'fault',
    why: 'The webhook calls a port that the Service does not have.',
    remedy: APPLY,
  },
  SERVICE_WITHOUT_ENDPOINTS: {
    severity: 'fault',
    why: 'No gate stands behind the Service, so that each call fails.',
    remedy: 'kubectl -n NAMESPACE get pods,events, and mend what keeps the gate from being ready',
  },
  DEPLOYMENT_MISSING: {
    severity: 'warning',
    why: 'Nothing brings a gate back that is gone.',
    remedy: APPLY,
  },
  DEPLOYMENT_NOT_READY: {
    severity: 'warning',
    why: 'Fewer gates answer than should; with the last of them, answers end.',
    remedy: 'kubectl -n NAMESPACE describe deployment kube-image-bouncer',
  },
  REPLICAS_SINGLE: {
    severity: 'warning',
    why: 'While the only gate moves to another node, nobody answers the API server.',
    remedy: 'kubectl -n NAMESPACE scale deployment kube-image-bouncer --replicas=3',
  },
  DISRUPTION_BUDGET_BLOCKS: {
    severity: 'warning',
    why: 'No gate may ever be evicted, so that no node that runs one can be drained.',
    remedy: APPLY,
  },
  NETWORK_POLICY_BLOCKS: {
    severity: 'warning',
    why: 'No rule lets the API server, whose address is no pod’s, reach the port of the gate.',
    remedy: APPLY,
  },
  POLICY_MISSING: {
    severity: 'fault',
    why: 'A gate that starts anew has no policy, and does not start.',
    remedy: 'kube-image-bouncer bootstrap webhook … --policy FILE --apply',
  },
  POLICY_NOT_LOADABLE: {
    severity: 'fault',
    why: 'Gates keep the last good policy until they restart, and then do not start.',
    remedy: 'mend it at the place that is named, or bootstrap again with --policy FILE',
  },
  POLICY_DIFFERS: {
    severity: 'warning',
    why: 'Images are judged by another policy than the one that was meant.',
    remedy: 'bootstrap again with --policy FILE',
  },
  API_SERVERS_DIFFER: {
    severity: 'fault',
    why: 'A request that reaches another API server is not judged.',
    remedy: 'kube-image-bouncer bootstrap image-policy --apply, on each control-plane node that lacks it',
  },
  GATE_NAMESPACE_OPEN: {
    severity: 'note',
    why: 'The gate is not asked about its own namespace: who may create pods there may use any image.',
    remedy: 'remove the binding that is named, if it is not meant',
  },
  WIRING_EDITORS: {
    severity: 'note',
    why: 'Who may change webhook configurations may switch the gate off.',
    remedy: 'remove the binding that is named, if it is not meant',
  },
  NAMESPACE_EDITORS: {
    severity: 'note',
    why: 'Who may label namespaces may leave the reach of a webhook that selects by such a label.',
    remedy: 'remove the binding that is named, if it is not meant',
  },
} as const satisfies FindingKinds;
