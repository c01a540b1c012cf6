import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reports } from '#test/findings.ts';
import { examineChangedNode, imagePolicyReports } from '#test/node-findings.ts';
import { seesEphemeralContainers } from './blind-spots.ts';

const version = (minor: number, text: string): { major: number; minor: number; text: string } => ({
  major: 1,
  minor,
  text,
});

describe('requests that ImagePolicyWebhook does not send', () => {
  reports(
    ['IMAGE_VOLUMES_UNSEEN', 'JOB_PODS_KEPT'],
    'XH18 an image volume and a pod of a Job, on every version,',
    () => examineChangedNode('image-policy', {}),
  );
  imagePolicyReports(['EPHEMERAL_CONTAINERS_UNSEEN'], 'an ephemeral container before 1.24.15', {
    question: { version: version(24, 'v1.24.14') },
  });
  imagePolicyReports([], 'an ephemeral container on 1.24.15', {
    question: { version: version(24, 'v1.24.15') },
  });

  const CASES: readonly (readonly [minor: number, text: string, sees: boolean])[] = [
    [23, 'v1.23.17', false],
    [25, 'v1.25.10', false],
    [25, 'v1.25.11', true],
    [26, 'v1.26.5', false],
    [27, 'v1.27.3', true],
    [27, '1.27', true],
    [28, 'v1.28.0', true],
  ];
  for (const [minor, text, sees] of CASES)
    it(`${text} ${sees ? 'sends' : 'does not send'} ephemeral containers`, () =>
      assert.equal(seesEphemeralContainers(version(minor, text)), sees));
});

describe('the stage of ImagePolicyWebhook', () => {
  for (const stage of ['warn', 'audit'])
    imagePolicyReports(['BELOW_DENY'], `stage ${stage}`, {
      files: { 'kubeconfig.yaml': (text) => text.replace('/image_policy', `/image_policy/${stage}`) },
    });
});
