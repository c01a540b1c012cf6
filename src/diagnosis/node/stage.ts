import type { Stage } from '../../policy/stage.ts';
import { stageOfPath } from '../../wiring/paths.ts';
import type { NodeMaterial } from './material.ts';

/** The stage of the `ImagePolicyWebhook` wiring; `undefined` when nothing says. */
export function stageOf({ kubeconfig }: NodeMaterial): Stage | undefined {
  const server = kubeconfig?.opened.state === 'read' ? kubeconfig.opened.value.server?.value : undefined;
  const url = server === undefined ? null : URL.parse(server);
  return url === null ? undefined : stageOfPath('ImageReview', url.pathname);
}
