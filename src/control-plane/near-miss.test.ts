import assert from 'node:assert/strict';
import test from 'node:test';
import { isNear, nearestOf } from './near-miss.ts';

test('X02 a name in other letters, or with two wrong ones, is near', () => {
  for (const name of [
    'imagepolicywebhook',
    'ImagePolicyWebHook',
    'ImagePolicyWebhok',
    ' ImagePolicyWebhoooks',
  ])
    assert.ok(isNear(name, 'ImagePolicyWebhook'), name);
  for (const name of ['ImagePolicyWebhook', 'ValidatingAdmissionWebhook', 'ImagePolicy'])
    assert.ok(!isNear(name, 'ImagePolicyWebhook'), name);
});

test('X04 the nearest file is named, and no file with a short name', () => {
  assert.equal(nearestOf('config.yml', ['config.yaml', 'config.yaml.bak', 'other']), 'config.yaml');
  assert.equal(nearestOf('a.yaml. ', ['a.yaml', 'b.yaml']), 'a.yaml');
  assert.equal(nearestOf('ca', ['cb', 'x']), undefined);
});
