import { GATE_NAME } from '../../wiring/names.ts';
import { bootstrapWebhook, gateCommand, remedy, shellCommand } from '../remedy.ts';
import type { FindingKinds } from './finding-kind.ts';

const APPLY = remedy`${bootstrapWebhook('--apply')}`;
const UNBIND = remedy`remove the binding of the subjects that doctor names, unless you want it`;

/** What can be wrong with the gate in a cluster: its objects, its policy, and the rights of users. */
export const GATE = {
  SHORT_NAMES_OPEN: {
    severity: 'warning',
    why: 'CRI-O takes an image without a registry from the registry that the files of the node name, so another image can run than the one that was judged.',
    remedy: remedy`add shortNames: Refuse to the spec of the policy, or a rule requireFullyQualified`,
  },
  SERVICE_MISSING: {
    severity: 'fault',
    why: 'The API server finds no gate to call.',
    remedy: APPLY,
  },
  SERVICE_PORT_WRONG: {
    severity: 'fault',
    why: 'The webhook calls a port that the Service does not have, so each call fails.',
    remedy: APPLY,
  },
  SERVICE_WITHOUT_ENDPOINTS: {
    severity: 'fault',
    why: 'No gate is ready behind the Service, so each call fails.',
    remedy: remedy`${shellCommand('kubectl', '-n', 'NAMESPACE', 'get', 'pods,events')}, and fix the reason why the gate is not ready`,
  },
  DEPLOYMENT_MISSING: {
    severity: 'warning',
    why: 'Without a Deployment, Kubernetes does not replace a gate that is gone.',
    remedy: APPLY,
  },
  DEPLOYMENT_NOT_READY: {
    severity: 'warning',
    why: 'Fewer gates answer than the Deployment wants; without the last one, no call is answered.',
    remedy: remedy`${shellCommand('kubectl', '-n', 'NAMESPACE', 'describe', 'deployment', GATE_NAME)}`,
  },
  REPLICAS_SINGLE: {
    severity: 'warning',
    why: 'While the only gate moves to another node, no gate answers the API server.',
    remedy: remedy`${shellCommand('kubectl', '-n', 'NAMESPACE', 'scale', 'deployment', GATE_NAME, '--replicas=3')}`,
  },
  DISRUPTION_BUDGET_BLOCKS: {
    severity: 'warning',
    why: 'No gate may ever be evicted, so no node that runs a gate can be drained.',
    remedy: APPLY,
  },
  NETWORK_POLICY_BLOCKS: {
    severity: 'warning',
    why: 'The address of the API server is not the address of a pod, and no rule allows it to reach the port of the gate.',
    remedy: APPLY,
  },
  POLICY_MISSING: {
    severity: 'fault',
    why: 'A gate that is started now has no policy, and exits.',
    remedy: remedy`${bootstrapWebhook('--policy FILE --apply')}`,
  },
  POLICY_NOT_LOADABLE: {
    severity: 'fault',
    why: 'Gates keep the last good policy until they restart; then they refuse every review.',
    remedy: remedy`fix it at the place that the message names, or run bootstrap again with --policy FILE`,
  },
  POLICY_WARNING: {
    severity: 'warning',
    why: 'This part of the policy is legal, and probably not what its author means.',
    remedy: remedy`change it at the place that the message names, or run bootstrap again with --policy FILE`,
  },
  POLICY_DIFFERS: {
    severity: 'warning',
    why: 'The gate judges images by another policy than the one of --policy.',
    remedy: remedy`run bootstrap again with --policy FILE`,
  },
  API_SERVERS_DIFFER: {
    severity: 'fault',
    why: 'A request that reaches this API server is not judged.',
    remedy: remedy`${gateCommand('bootstrap image-policy', '--apply')}, on each control-plane node that lacks it`,
  },
  GATE_THREAD_FORBIDDEN: {
    severity: 'warning',
    why: 'Node has --permission without --allow-worker, so the gate reads no policy of more than 64 KiB.',
    remedy: remedy`add --allow-worker behind --permission, and restart the gate`,
  },
  GATE_NAMESPACE_OPEN: {
    severity: 'note',
    why: 'The API server does not call the gate for the namespace of the gate: a user who may create pods there may use any image.',
    remedy: UNBIND,
  },
  WIRING_EDITORS: {
    severity: 'note',
    why: 'A user who may change webhook configurations may switch the gate off.',
    remedy: UNBIND,
  },
  NAMESPACE_EDITORS: {
    severity: 'note',
    why: 'A user who may label namespaces may take a namespace away from a webhook that selects by such a label.',
    remedy: UNBIND,
  },
} as const satisfies FindingKinds;
