import { STAGES, type Stage } from '../../policy/stage.ts';
import type { NodeMaterial } from './material.ts';

/** The stage that the path of an `ImageReview` means; `undefined` for a path that the gate does not serve. */
export function stageOfImagePolicyPath(path: string): Stage | undefined {
  // client-go trims a slash at the end.
  const [whole, stage = 'deny'] = /^\/image[_-]policy(?:\/([a-z]+))?\/?$/.exec(path) ?? [];
  return whole === undefined ? undefined : STAGES.find((one) => one === stage);
}

/** The stage of the `ImagePolicyWebhook` wiring; `undefined` when nothing says. */
export function stageOf({ kubeconfig }: NodeMaterial): Stage | undefined {
  const server = kubeconfig?.opened.state === 'read' ? kubeconfig.opened.value.server?.value : undefined;
  const url = server === undefined ? null : URL.parse(server);
  return url === null ? undefined : stageOfImagePolicyPath(url.pathname);
}
