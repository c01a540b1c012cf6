import { join } from 'node:path';
import { parseApiServerManifest, IMAGE_POLICY_PLUGIN } from '../control-plane/api-server-manifest.ts';
import { findFile } from '../control-plane/file-plan.ts';
import { GATE_FILES } from '../control-plane/gate-command.ts';
import { parseGateKubeconfig } from '../control-plane/gate-kubeconfig.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { pathOf } from '../kubernetes/resources.ts';
import { parsePolicy } from '../policy/load.ts';
import type { Stage } from '../policy/stage.ts';
import { CANARY_IMAGE, renderCanary } from '../webhook/canary.ts';
import { WEBHOOKS } from '../wiring/names.ts';
import { isStageUp, stageOfPath } from '../wiring/paths.ts';
import { isObject } from '../document/json.ts';
import type { NodeSettings } from './image-policy-settings.ts';
import { poll } from './node-probes.ts';
import type { NodeSurroundings } from './node-rollout.ts';
import { findRefusedWorkloads, renderRefusedWorkloads } from './running-workloads.ts';
import type { ExitCode } from './streams.ts';

/** Namespace where the canary is tried: every cluster has it. */
const CANARY_NAMESPACE = 'default';

/** How the API server begins a refusal that the gate spoke. */
const DENIAL = 'image policy webhook backend denied one or more images';

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
  if (stage === 'audit' || !isStageUp(await stageInForce(places), stage)) return true;
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

/** The stage that the node's API server asks at; `undefined` when it asks no gate of ours. */
async function stageInForce({ manifest, folder }: NodeSettings['places']): Promise<Stage | undefined> {
  const [wired, kubeconfig] = [await findFile(manifest), await findFile(join(folder, GATE_FILES.kubeconfig))];
  if (wired === undefined || kubeconfig === undefined) return undefined;
  const { enabledPlugins } = parseApiServerManifest(wired.content.toString(), manifest);
  if (!enabledPlugins.includes(IMAGE_POLICY_PLUGIN)) return undefined;
  const { server } = parseGateKubeconfig(kubeconfig.content.toString(), join(folder, GATE_FILES.kubeconfig));
  const path = URL.parse(server?.value ?? '')?.pathname;
  return path === undefined ? undefined : stageOfPath('ImageReview', path);
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
    last = await sendCanary(cluster);
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

async function sendCanary(cluster: KubernetesClient): Promise<{ outcome: string; message: string }> {
  const path = pathOf({ apiVersion: 'v1', kind: 'Pod', namespace: CANARY_NAMESPACE });
  try {
    const { status, document } = await cluster.send({
      method: 'POST',
      path,
      query: { dryRun: 'All' },
      body: renderCanary(CANARY_NAMESPACE),
    });
    if (status < 300) return { outcome: 'admitted', message: '' };
    const said = isObject(document) ? document['message'] : undefined;
    const message = typeof said === 'string' ? said : `HTTP status ${status}`;
    // Webhooks are asked after the plugin, so that a pod which ours refuses is one that the plugin let pass.
    if (Object.values(WEBHOOKS).some((name) => message.startsWith(`admission webhook "${name}" denied`)))
      return { outcome: 'admitted', message: '' };
    return { outcome: message.includes(DENIAL) ? 'refused' : 'stopped by something else', message };
  } catch (error) {
    // Right after its start an API server may still hang up.
    if (error instanceof KubernetesError) return { outcome: 'not answered', message: error.message };
    throw error;
  }
}
