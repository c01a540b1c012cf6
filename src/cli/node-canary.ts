import { join } from 'node:path';
import { GATE_FILES } from '../control-plane/gate-command.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { parsePolicy } from '../policy/load.ts';
import type { Stage } from '../policy/stage.ts';
import { followApiServer, imagePolicyStage, LOCAL_FILES } from '../wiring/api-server-files.ts';
import { CANARY_IMAGE, sendCanary } from '../wiring/canary.ts';
import { isStageUp } from '../wiring/paths.ts';
import type { NodeSettings } from './image-policy-settings.ts';
import { poll } from './node-probes.ts';
import type { NodeSurroundings } from './node-rollout.ts';
import { findRefusedWorkloads, renderRefusedWorkloads } from './running-workloads.ts';
import type { ExitCode } from './streams.ts';

/** Namespace where the canary is tried: every cluster has it. */
const CANARY_NAMESPACE = 'default';

/**
 * Whether the roll-out may go on: before a stage that bites harder than the one in force, what runs is judged and told.
 * @throws {KubernetesError} {@link PolicyFileError}
 */
export async function mayBite({
  settings,
  policy,
  cluster,
  tell,
  yes,
}: {
  readonly settings: NodeSettings;
  readonly policy: string;
  readonly cluster: KubernetesClient;
  readonly tell: (line: string) => void;
  readonly yes: boolean;
}): Promise<boolean> {
  const { stage, places } = settings;
  if (stage === 'audit' || !isStageUp(await stageInForce(places.manifest), stage)) return true;
  const found = await findRefusedWorkloads(
    cluster,
    await parsePolicy(policy, join(places.folder, GATE_FILES.policy)),
    { isCovered: () => true },
  );
  tell(renderRefusedWorkloads(found).trimEnd());
  if (found.refused.length === 0 || stage !== 'deny' || yes) return true;
  tell('nothing was changed: mend them, begin with --stage warn, or go on with --yes');
  return false;
}

/** The stage of `ImagePolicyWebhook` on this node; `undefined` if its API server calls no gate. */
async function stageInForce(manifest: string): Promise<Stage | undefined> {
  if (!(await LOCAL_FILES.exists(manifest))) return undefined;
  return imagePolicyStage(await followApiServer(LOCAL_FILES, manifest));
}

/** Sends the canary through the API server until it is treated as the stage says, or the time is over. */
export async function proveOnNode(
  { stage, places }: NodeSettings,
  cluster: KubernetesClient,
  { tell, waiting }: NodeSurroundings,
): Promise<ExitCode> {
  const expected = stage === 'deny' ? 'refused' : 'admitted';
  let last: { outcome: string; message: string } = { outcome: 'not answered', message: '' };
  const isProved = await poll(waiting, async () => {
    last = await tryOnNode(cluster);
    return last.outcome === expected;
  });
  const what = `a pod with image ${CANARY_IMAGE} is ${last.outcome}`;
  if (isProved) {
    tell(`proved: ${what}, as it should be at stage ${stage}`);
    return 0;
  }
  tell(
    `not proved: ${what}, and should be ${expected}${last.message === '' ? '' : `: ${last.message}`} (--undo takes everything back; copies are in ${join(places.folder, 'backup')})`,
  );
  return 1;
}

/** The outcome of a canary on a node, in the words of the report. */
async function tryOnNode(cluster: KubernetesClient): Promise<{ outcome: string; message: string }> {
  try {
    const result = await sendCanary(cluster, { namespace: CANARY_NAMESPACE });
    switch (result.outcome) {
      case 'admitted':
        return { outcome: 'admitted', message: '' };
      case 'refused':
        // The API server calls webhooks after the plugin. If our webhook refuses a pod, the plugin admitted it.
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
