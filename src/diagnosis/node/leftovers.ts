import { finding, type Finding } from '../finding.ts';
import type { NodeMaterial } from './material.ts';

/** The gate's own static pod, beside that of kube-apiserver. */
const GATE_POD = 'kube-image-bouncer.yaml';

/** What an uninstall by hand leaves: a pod of the gate whose files are gone, which the kubelet starts for ever. */
export function examineLeftovers({ besides, inFolder, folder }: NodeMaterial): readonly Finding[] {
  if (!besides.includes(GATE_POD) || inFolder.includes('pki')) return [];
  return [
    finding('LEFTOVER_FILES', GATE_POD, `the kubelet starts it, and ${folder} has no certificates for it`),
  ];
}
