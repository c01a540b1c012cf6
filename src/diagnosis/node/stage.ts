import type { Stage } from '../../policy/stage.ts';
import { stageOfKubeconfig } from '../../wiring/api-server-files.ts';
import type { NodeMaterial } from './material.ts';

/** The stage of the `ImagePolicyWebhook` wiring; `undefined` if its kubeconfig leads to no path of a gate. */
export function stageOf({ kubeconfig }: NodeMaterial): Stage | undefined {
  return kubeconfig && stageOfKubeconfig(kubeconfig.opened);
}
