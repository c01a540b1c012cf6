import type { KubernetesClient } from '../kubernetes/client.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import type { Stage } from '../policy/stage.ts';
import { followApiServer, imagePolicyStage, LOCAL_FILES } from '../wiring/api-server-files.ts';
import { sendCanary } from '../wiring/canary.ts';
import { CANARY_NAMESPACE } from './install.ts';
import type { NodeCanaryVerdict } from './progress.ts';

/** The stage of `ImagePolicyWebhook` on this node; `undefined` if its API server calls no gate. */
export async function activeStage(manifest: string): Promise<Stage | undefined> {
  if (!(await LOCAL_FILES.exists(manifest))) return undefined;
  return imagePolicyStage(await followApiServer(LOCAL_FILES, manifest));
}

/** Sends the canary through `ImagePolicyWebhook`. */
export async function sendNodeCanary(cluster: KubernetesClient): Promise<NodeCanaryVerdict> {
  try {
    const result = await sendCanary(cluster, { namespace: CANARY_NAMESPACE });
    switch (result.outcome) {
      case 'admitted':
        return { outcome: 'admitted', message: '' };
      case 'refused':
        // The API server calls webhooks after the plugin. If the gate's webhook refuses a pod, the plugin admitted it.
        return { outcome: result.by.plugin === 'webhook' ? 'admitted' : 'refused', message: '' };
      case 'unreachable':
        return { outcome: 'refused because the gate does not answer', message: result.message };
      case 'undecided':
      case 'forbidden':
        return { outcome: 'stopped by something else', message: result.message };
    }
  } catch (error) {
    // Shortly after its start an API server may still close connections.
    if (error instanceof KubernetesError) return { outcome: 'not answered', message: error.message };
    throw error;
  }
}
