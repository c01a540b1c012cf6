import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProtocolName } from '../admission/exchange.ts';
import { STAGES } from '../policy/stage.ts';
import { imagePolicyPath, isStageUp, pathAtStage, REVIEW_PATHS, reviewPath, stageOfPath } from './paths.ts';

describe('the paths of a gate', () => {
  it('are these, each with a protocol and a stage', () =>
    assert.deepEqual(
      REVIEW_PATHS.map(({ path, protocol, stage }) => `${path} ${protocol} ${stage}`),
      [
        '/ AdmissionReview deny',
        '/image_policy ImageReview deny',
        '/image_policy/deny ImageReview deny',
        '/image_policy/warn ImageReview warn',
        '/image_policy/audit ImageReview audit',
        '/image-policy ImageReview deny',
        '/image-policy/deny ImageReview deny',
        '/image-policy/warn ImageReview warn',
        '/image-policy/audit ImageReview audit',
        '/validate AdmissionReview deny',
        '/validate/deny AdmissionReview deny',
        '/validate/warn AdmissionReview warn',
        '/validate/audit AdmissionReview audit',
      ],
    ));

  it('that bootstrap writes mean the stage that they were written for', () => {
    for (const stage of STAGES) {
      assert.equal(stageOfPath('AdmissionReview', reviewPath(stage)), stage);
      assert.equal(stageOfPath('ImageReview', imagePolicyPath(stage)), stage);
    }
  });

  it('that bootstrap writes into a webhook have segments that the API server accepts in service.path', () => {
    for (const stage of STAGES) assert.match(reviewPath(stage), /^(\/[a-z]+)+$/);
  });

  it('mean no stage in the other protocol, nor when a gate does not answer there', () => {
    for (const { path, protocol } of REVIEW_PATHS)
      assert.equal(
        stageOfPath(protocol === 'ImageReview' ? 'AdmissionReview' : 'ImageReview', path),
        undefined,
      );
    for (const path of ['', '/mutate', '/validate/', '/validate/Warn', '//validate'])
      assert.equal(stageOfPath('AdmissionReview', path), undefined, path);
  });

  it('may end with slashes in the kubeconfig of ImagePolicyWebhook, because client-go removes them', () => {
    assert.equal(stageOfPath('ImageReview', '/image_policy/'), 'deny');
    assert.equal(stageOfPath('ImageReview', '/image-policy/warn/'), 'warn');
  });

  const SPELLINGS: readonly (readonly [ProtocolName, string, string | undefined])[] = [
    ['ImageReview', '/image_policy', '/image_policy/warn'],
    ['ImageReview', '/image_policy/deny', '/image_policy/warn'],
    ['ImageReview', '/image-policy', '/image-policy/warn'],
    ['ImageReview', '/image-policy/deny', '/image-policy/warn'],
    ['ImageReview', '/image-policy/deny/', '/image-policy/warn'],
    ['AdmissionReview', '/', '/validate/warn'],
    ['AdmissionReview', '/validate/deny', '/validate/warn'],
    ['AdmissionReview', '/image-policy', undefined],
  ];
  for (const [protocol, path, warn] of SPELLINGS)
    it(`${path} of ${protocol} becomes ${warn ?? 'nothing'} at stage warn`, () =>
      assert.equal(pathAtStage(protocol, path, 'warn'), warn));
});

describe('a stage', () => {
  it('is stricter from audit to warn to deny, and each one is stricter than none', () => {
    const ups = STAGES.flatMap((from) =>
      STAGES.filter((to) => isStageUp(from, to)).map((to) => `${from} ${to}`),
    );
    assert.deepEqual(ups.toSorted(), ['audit deny', 'audit warn', 'warn deny']);
    for (const stage of STAGES) assert.ok(isStageUp(undefined, stage));
  });
});
