import type { FindingKinds } from './finding-kind.ts';

/** What the canaries show, and what nobody could look at. */
export const ENFORCEMENT = {
  NO_WIRING: {
    severity: 'fault',
    why: 'Nobody asks the gate, so every image gets in.',
    remedy:
      'kube-image-bouncer bootstrap webhook … --apply, or bootstrap image-policy --apply on each control-plane node',
  },
  NOT_ENFORCING: {
    severity: 'fault',
    why: 'A pod that every policy refuses was admitted: whatever the configuration says, any image gets in.',
    remedy:
      'mend the other faults that are listed; without any, look at the log of the gate and of kube-apiserver',
  },
  TEMPLATE_NOT_ENFORCED: {
    severity: 'fault',
    why: 'A Deployment that every policy refuses was admitted: its author is told nothing, and only its pods fail.',
    remedy:
      'mend the other faults that are listed; without any, kube-image-bouncer bootstrap webhook … --apply',
  },
  GATE_UNREACHABLE: {
    severity: 'fault',
    why: 'The API server cannot ask the gate, so that no pod is admitted, or every pod.',
    remedy:
      'start the gate and mend the address and certificates that are listed; to get out of a lock-out: kube-image-bouncer recover',
  },
  GOOD_POD_REFUSED: {
    severity: 'fault',
    why: 'A pod that the policy admits was refused: the gate judges by another policy, or locks the cluster.',
    remedy:
      'kube-image-bouncer explain IMAGE --policy FILE, and compare with the policy that the gate has loaded',
  },
  CANARY_UNDECIDED: {
    severity: 'warning',
    why: 'Something else refused the trial pod first, so that nothing is proven.',
    remedy:
      'kube-image-bouncer doctor --canary-namespace NAMESPACE, a namespace in which pods may be created',
  },
  GOOD_POD_NOT_TRIED: {
    severity: 'note',
    why: 'Whether good images still get in was not proven.',
    remedy: 'kube-image-bouncer doctor --good-image IMAGE',
  },
  BELOW_DENY: {
    severity: 'note',
    why: 'At this stage the gate tells and refuses nothing.',
    remedy: 'kube-image-bouncer bootstrap webhook … --stage deny --apply, once what it tells has been mended',
  },
  NOT_EXAMINED: {
    severity: 'note',
    why: 'What cannot be read cannot be found to be wrong.',
    remedy: 'run doctor as somebody who may read it; docs/doctor.md lists the rights',
  },
} as const satisfies FindingKinds;
