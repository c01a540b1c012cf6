import { bootstrapWebhook, gateCommand, remedy } from '../remedy.ts';
import type { FindingKinds } from './finding-kind.ts';

const APPLY = bootstrapWebhook('--apply');

/** What the trial objects show, and what doctor could not read. */
export const ENFORCEMENT = {
  NO_WIRING: {
    severity: 'fault',
    why: 'The API server does not call the gate, so every image is admitted.',
    remedy: remedy`${APPLY}, or ${gateCommand('bootstrap image-policy', '--apply')} on each control-plane node`,
  },
  NOT_ENFORCING: {
    severity: 'fault',
    why: 'A pod that every policy refuses was admitted: whatever the configuration says, any image is admitted.',
    remedy: remedy`fix the other faults of this list; if there are none, read the logs of the gate and of kube-apiserver`,
  },
  TEMPLATE_NOT_ENFORCED: {
    severity: 'fault',
    why: 'A Deployment that every policy refuses was admitted: its author gets no message, only its pods fail.',
    remedy: remedy`fix the other faults of this list; if there are none, ${APPLY}`,
  },
  GATE_UNREACHABLE: {
    severity: 'fault',
    why: 'The API server cannot call the gate, so it refuses every pod, or admits every pod.',
    remedy: remedy`start the gate, and fix the address and the certificates that this list names; to end a lock-out: ${gateCommand('recover')}`,
  },
  GOOD_POD_REFUSED: {
    severity: 'fault',
    why: 'A pod that the policy admits was refused: the gate uses another policy, or it locks the cluster.',
    remedy: remedy`${gateCommand('explain', 'IMAGE --policy FILE')}, and compare with the policy that the gate has loaded`,
  },
  CANARY_UNDECIDED: {
    severity: 'warning',
    why: 'Something else refused the trial object before the gate was called, so the trial proves nothing.',
    remedy: remedy`${gateCommand('doctor', '--canary-namespace NAMESPACE')}, with a namespace in which you may create pods`,
  },
  GOOD_POD_NOT_TRIED: {
    severity: 'note',
    why: 'No trial showed that good images are still admitted.',
    remedy: remedy`${gateCommand('doctor', '--good-image IMAGE')}`,
  },
  BELOW_DENY: {
    severity: 'note',
    why: 'At this stage the gate reports violations and refuses nothing.',
    remedy: remedy`${bootstrapWebhook('--stage deny --apply', ['stage'])}, after you have fixed the violations that it reports`,
  },
  NOT_EXAMINED: {
    severity: 'note',
    why: 'Doctor cannot find a fault in something that it cannot read.',
    remedy: remedy`run doctor as a user that may read it; docs/doctor.md lists the rights`,
  },
} as const satisfies FindingKinds;
