import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterReports, HEALTHY_CLUSTER, webhooksOf, withGate, withTrials } from '#test/cluster-findings.ts';
import type { KubernetesObject } from '../../kubernetes/object.ts';
import { CANARY_IMAGE } from '../../wiring/canary.ts';
import { WEBHOOKS } from '../../wiring/names.ts';
import { proofsOf } from './enforcement.ts';

const admitted = { outcome: 'admitted', warnings: [] } as const;
const warned = { outcome: 'admitted', warnings: [`image ${CANARY_IMAGE} is bad`] } as const;
const unreachable = {
  outcome: 'unreachable',
  by: { plugin: 'webhook', name: WEBHOOKS.images },
  message: 'failed calling webhook',
} as const;
const undecided = { outcome: 'undecided', message: 'exceeded quota' } as const;
const forbidden = { outcome: 'forbidden', message: 'pods is forbidden: User "visitor"' } as const;
const byImagePolicy = {
  outcome: 'refused',
  by: { plugin: 'image-policy', name: 'ImagePolicyWebhook' },
  message: 'no',
} as const;

/** An API server whose pod has the plugin. */
const API_SERVER: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'kube-apiserver-one', namespace: 'kube-system' },
  spec: {
    containers: [{ command: ['kube-apiserver', '--enable-admission-plugins=ImagePolicyWebhook'] }],
  },
};

/** A cluster without webhooks and without a gate. */
const UNWIRED = {
  webhooks: [],
  served: [],
  ...withGate({ deployment: undefined, services: new Map() }),
};

describe('a bad pod that is admitted', () => {
  const both = withTrials({ badPod: admitted, badDeployment: admitted });
  clusterReports(['NO_WIRING'], 'a cluster without a webhook', { ...UNWIRED, ...both });
  clusterReports(['NOT_ENFORCING'], 'a cluster whose webhooks doctor may not read', {
    ...UNWIRED,
    ...both,
    areWebhooksRead: false,
  });
  clusterReports(['NOT_ENFORCING'], 'an API server with ImagePolicyWebhook', {
    ...UNWIRED,
    ...both,
    apiServers: [API_SERVER],
  });
  clusterReports(['NOT_ENFORCING', 'TEMPLATE_NOT_ENFORCED'], 'a webhook at stage deny', both);
  clusterReports(['NOT_ENFORCING'], 'a webhook at stage warn without a warning', {
    ...both,
    webhooks: webhooksOf({ stage: 'warn', kubeSystem: 'warn' }),
  });
  clusterReports(['BELOW_DENY'], 'a webhook at stage warn with its warning', {
    ...withTrials({ badPod: warned, badDeployment: warned }),
    webhooks: webhooksOf({ stage: 'warn', kubeSystem: 'warn' }),
  });
  clusterReports(['BELOW_DENY'], 'a webhook at stage audit', {
    ...both,
    webhooks: webhooksOf({ stage: 'audit', kubeSystem: 'warn' }),
  });
});

describe('a bad pod that is admitted, where the files of a node show the stage of ImagePolicyWebhook', () => {
  const both = withTrials({ badPod: admitted, badDeployment: admitted });
  clusterReports([], 'stage warn without a webhook', { ...UNWIRED, ...both, imagePolicyStage: 'warn' });
  clusterReports(['NO_WIRING'], 'stage deny without a webhook', {
    ...UNWIRED,
    ...both,
    imagePolicyStage: 'deny',
  });
  clusterReports(['NOT_ENFORCING', 'TEMPLATE_NOT_ENFORCED'], 'stage warn beside a webhook at stage deny', {
    ...both,
    imagePolicyStage: 'warn',
  });
});

describe('trial objects', () => {
  clusterReports(['TEMPLATE_NOT_ENFORCED'], 'a bad Deployment that is admitted', {
    ...withTrials({ badDeployment: admitted }),
  });
  clusterReports(['TEMPLATES_UNSEEN'], 'a bad Deployment that ImagePolicyWebhook does not judge', {
    ...UNWIRED,
    ...withTrials({ badPod: byImagePolicy, badDeployment: admitted }),
  });
  clusterReports(['GATE_UNREACHABLE'], 'a gate that the API server cannot call', {
    ...withTrials({
      badPod: unreachable,
      badDeployment: unreachable,
      goodPod: { image: 'nginx:1.17.1', result: unreachable },
    }),
  });
  clusterReports(['GATE_UNREACHABLE'], 'a gate that the API server cannot call for a good pod only', {
    ...withTrials({ goodPod: { image: 'nginx:1.17.1', result: unreachable } }),
  });
  clusterReports(['CANARY_UNDECIDED'], 'a trial that something else refuses', {
    ...withTrials({ badPod: undecided, badDeployment: forbidden }),
  });
  clusterReports(['GATE_UNREACHABLE', 'CANARY_UNDECIDED'], 'two trials that fail for different reasons', {
    ...withTrials({ badPod: unreachable, badDeployment: undecided }),
  });
  clusterReports(['GOOD_POD_REFUSED'], 'a good pod that is refused', {
    ...withTrials({ goodPod: { image: 'nginx:1.17.1', result: byImagePolicy } }),
  });
  clusterReports(['GOOD_POD_NOT_TRIED'], 'a cluster without a known good image', {
    ...withTrials({ goodPod: undefined }),
  });
  clusterReports(['GOOD_POD_NOT_TRIED'], 'a good pod that something else refuses', {
    ...withTrials({ goodPod: { image: 'nginx:1.17.1', result: undecided } }),
  });

  it('a fact is proven only by a trial that succeeded', () => {
    assert.equal(proofsOf(HEALTHY_CLUSTER).length, 4);
    const { canaries } = withTrials({ badPod: undecided, badDeployment: undecided, goodPod: undefined });
    assert.deepEqual(
      proofsOf({ ...HEALTHY_CLUSTER, canaries: canaries ?? HEALTHY_CLUSTER.canaries, served: [] }),
      [],
    );
  });
});
