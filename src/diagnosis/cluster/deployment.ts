import { isObject } from '../../document/json.ts';
import { forbidsThreads } from '../../control-plane/gate-command.ts';
import { finding, type Finding } from '../finding.ts';
import type { ClusterMaterial } from './material.ts';
import { containersOf, podLabelsOf, selectsPod } from './gate-pods.ts';

/** Checks the replicas of the gate, and whether they can be evicted. A gate outside the cluster has no Deployment. */
export function examineDeployment({ webhooks, gate, namespaces }: ClusterMaterial): readonly Finding[] {
  const calls = webhooks.some(
    ({ target }) => target.form === 'service' && target.namespace === gate.namespace,
  );
  const isGone = namespaces?.every(({ metadata }) => metadata.name !== gate.namespace) ?? false;
  if (!calls || isGone) return [];
  if (gate.deployment === undefined) {
    return [finding('DEPLOYMENT_MISSING', `Namespace ${gate.namespace}`, 'it has no Deployment of the gate')];
  }
  const subject = `Deployment ${gate.namespace}/${gate.deployment.metadata.name}`;
  const spec = isObject(gate.deployment['spec']) ? gate.deployment['spec'] : {};
  const status = isObject(gate.deployment['status']) ? gate.deployment['status'] : {};
  const wanted = typeof spec['replicas'] === 'number' ? spec['replicas'] : 1;
  const ready = typeof status['readyReplicas'] === 'number' ? status['readyReplicas'] : 0;
  return [
    ...(ready < wanted
      ? [finding('DEPLOYMENT_NOT_READY', subject, `${ready} of ${wanted} replicas are ready`)]
      : []),
    ...(wanted === 1 ? [finding('REPLICAS_SINGLE', subject, 'it has one replica')] : []),
    ...(containersOf(spec).some(({ command, args }) => forbidsThreads(wordsOf(command, args)))
      ? [finding('GATE_THREAD_FORBIDDEN', subject, 'its command has --permission without --allow-worker')]
      : []),
    ...examineBudgets(gate.budgets, wanted, podLabelsOf(spec)),
  ];
}

function wordsOf(...lists: readonly unknown[]): readonly string[] {
  return lists.flat().filter((word) => typeof word === 'string');
}

function examineBudgets(
  budgets: ClusterMaterial['gate']['budgets'],
  replicas: number,
  labels: Readonly<Record<string, string>>,
): readonly Finding[] {
  return budgets.flatMap(({ metadata, spec }) => {
    if (!isObject(spec) || !selectsPod(spec['selector'], labels)) return [];
    const { minAvailable, maxUnavailable } = spec;
    const blocks =
      maxUnavailable === 0 ||
      maxUnavailable === '0%' ||
      minAvailable === '100%' ||
      (typeof minAvailable === 'number' && minAvailable >= replicas);
    const what =
      minAvailable === undefined
        ? `maxUnavailable is ${JSON.stringify(maxUnavailable)}`
        : `minAvailable is ${JSON.stringify(minAvailable)} of ${replicas} replicas`;
    return blocks
      ? [
          finding(
            'DISRUPTION_BUDGET_BLOCKS',
            `PodDisruptionBudget ${metadata.namespace}/${metadata.name}`,
            what,
          ),
        ]
      : [];
  });
}
