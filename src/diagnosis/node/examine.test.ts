import { describe } from 'node:test';
import { examineChangedNode, imagePolicyReports, staticReports } from '#test/node-findings.ts';
import { reports } from '#test/findings.ts';

describe('the whole examination of a node', () => {
  staticReports([], 'a healthy node with static webhooks', {});
  reports(['IMAGE_VOLUMES_UNSEEN'], 'a healthy node with ImagePolicyWebhook', () =>
    examineChangedNode('image-policy', {}),
  );
  imagePolicyReports(['NOT_EXAMINED'], 'a file that doctor may not read', {
    material: { unread: [{ subject: '/etc/kubernetes', reason: 'permission denied' }] },
  });
});
