import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterReports } from '#test/cluster-findings.ts';
import { reports } from '#test/findings.ts';
import { examineChangedNode, imagePolicyReports, staticReports } from '#test/node-findings.ts';
import { finding, isBelowDeny, isHealthy, sortFindings } from './finding.ts';

describe('an examination without a fault', () => {
  clusterReports([], 'a healthy cluster', {});
  staticReports([], 'a healthy node with static webhooks', {});
  reports(['IMAGE_VOLUMES_UNSEEN', 'JOB_PODS_KEPT'], 'a healthy node with ImagePolicyWebhook', () =>
    examineChangedNode('image-policy', {}),
  );
});

describe('a source that cannot be read', () => {
  clusterReports(['NOT_EXAMINED'], 'an object that doctor may not read', {
    unread: [{ subject: 'every Namespace', reason: 'forbidden' }],
  });
  imagePolicyReports(['NOT_EXAMINED'], 'a file that doctor may not read', {
    material: { unread: [{ subject: '/etc/kubernetes', reason: 'permission denied' }] },
  });
});

describe('a list of findings', () => {
  const [note, warning, fault] = [
    finding('BELOW_DENY', 'a', 'x'),
    finding('TIMEOUT_LONG', 'a', 'x'),
    finding('NO_WIRING', 'a', 'x'),
  ];

  it('starts with the faults and ends with the notes', () => {
    assert.deepEqual(sortFindings([note, warning, fault]), [fault, warning, note]);
  });

  it('is healthy if it has notes only', () => {
    assert.deepEqual([isHealthy([]), isHealthy([note]), isHealthy([note, warning])], [true, true, false]);
  });

  it('shows whether the operator has chosen a stage below deny', () => {
    assert.deepEqual([isBelowDeny([warning]), isBelowDeny([warning, note])], [false, true]);
    assert.deepEqual(
      [note].map(({ code }) => code),
      ['BELOW_DENY'],
    );
  });
});
