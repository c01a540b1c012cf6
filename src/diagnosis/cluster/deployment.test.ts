import { describe } from 'node:test';
import { clusterReports, gateObject, OUTSIDE, withGate } from '#test/cluster-findings.ts';
import { GATE_NAME } from '../../wiring/names.ts';
import type { ClusterMaterial } from './material.ts';

function replicas(wanted: number, ready: number): Partial<ClusterMaterial> {
  const deployment = gateObject('Deployment', { replicas: wanted });
  return withGate({ deployment: { ...deployment, status: { readyReplicas: ready } } });
}

function budget(spec: Readonly<Record<string, unknown>>): Partial<ClusterMaterial> {
  return withGate({
    budgets: [gateObject('PodDisruptionBudget', { maxUnavailable: undefined, ...spec })],
  });
}

describe('the Deployment of the gate', () => {
  clusterReports(['DEPLOYMENT_MISSING'], 'a namespace without it', withGate({ deployment: undefined }));
  clusterReports([], 'a gate at a URL, outside the cluster,', OUTSIDE);
  clusterReports(['DEPLOYMENT_NOT_READY'], 'one ready replica of three', replicas(3, 1));
  clusterReports(['REPLICAS_SINGLE'], 'a single replica', replicas(1, 1));
  clusterReports(
    ['REPLICAS_SINGLE', 'DEPLOYMENT_NOT_READY'],
    'a single replica that is not ready',
    replicas(1, 0),
  );
});

describe('a disruption budget', () => {
  for (const spec of [
    { minAvailable: 3 },
    { minAvailable: '100%' },
    { maxUnavailable: 0 },
    { maxUnavailable: '0%' },
  ])
    clusterReports(['DISRUPTION_BUDGET_BLOCKS'], JSON.stringify(spec), budget(spec));
  for (const spec of [
    { minAvailable: 2 },
    { maxUnavailable: 1 },
    { minAvailable: 3, selector: { matchLabels: { app: 'other' } } },
  ])
    clusterReports([], JSON.stringify(spec), budget(spec));
  clusterReports([], `no budget for ${GATE_NAME}`, withGate({ budgets: [] }));
});

describe('XH5 the command of the gate', () => {
  const command = (words: readonly string[]): Partial<ClusterMaterial> => {
    const template = { spec: { containers: [{ name: 'gate', command: words }] } };
    const deployment = gateObject('Deployment', { replicas: 3, template });
    return withGate({ deployment: { ...deployment, status: { readyReplicas: 3 } } });
  };
  const expected = { without: ['node', '--permission'], with: ['node', '--permission', '--allow-worker'] };
  clusterReports(['GATE_THREAD_FORBIDDEN'], '--permission without --allow-worker', command(expected.without));
  clusterReports([], '--permission with --allow-worker', command(expected.with));
});
