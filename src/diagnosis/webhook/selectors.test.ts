import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchConditions } from '../../webhook/match-conditions.ts';
import { decodeWebhooks, type SeenWebhook } from '../../wiring/webhook-configuration.ts';
import { policyDocument } from '#test/policies.ts';
import { decodePolicy } from '../../policy/decode.ts';
import { KNOWN_KINDS } from '../../workload/kinds.ts';
import { examineSelectors } from './selectors.ts';

const V1_20 = { major: 1, minor: 20, text: 'v1.20.15' };
const V1_37 = { major: 1, minor: 37, text: 'v1.37.1' };

function webhook(fields: object): readonly SeenWebhook[] {
  return decodeWebhooks({
    metadata: { name: 'kube-image-bouncer' },
    webhooks: [{ name: 'images.kube-image-bouncer.io', ...fields }],
  });
}

function codesOf(fields: object, version = V1_37): readonly string[] {
  return examineSelectors(webhook(fields), version, undefined).map(({ code }) => code);
}

const byName = {
  namespaceSelector: {
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['gate'] }],
  },
};

describe('selectors of a webhook', () => {
  it('E01 a label that users can set on their namespace is a fault', () => {
    for (const namespaceSelector of [
      { matchLabels: { 'skip-gate': 'no' } },
      { matchExpressions: [{ key: 'skip-gate', operator: 'DoesNotExist' }] },
    ])
      assert.deepEqual(codesOf({ namespaceSelector }), ['SELECTOR_SETTABLE']);
  });

  it('E02 users can set the name label of a namespace before Kubernetes 1.21', () => {
    assert.deepEqual(codesOf(byName, V1_20), ['SELECTOR_TOO_OLD']);
    assert.deepEqual(codesOf(byName), []);
    assert.deepEqual(codesOf({}, V1_20), []);
  });

  it('E03 an objectSelector is a fault, because the author of an object sets its labels', () => {
    assert.deepEqual(codesOf({ objectSelector: { matchLabels: { a: 'b' } } }), ['OBJECT_SELECTOR']);
    assert.deepEqual(codesOf({ objectSelector: {} }), []);
  });

  it('the conditions of bootstrap are no finding, whatever their line breaks; any other condition is one', () => {
    const ours = matchConditions(V1_37, KNOWN_KINDS);
    assert.deepEqual(codesOf({ matchConditions: ours }), []);
    const wrapped = ours.map(({ name, expression }) => ({
      name,
      expression: `${expression.replaceAll(' ', '\n  ')}\n`,
    }));
    assert.deepEqual(codesOf({ matchConditions: wrapped }), []);
    assert.deepEqual(codesOf({ matchConditions: [{ name: 'not-a-mirror-pod', expression: 'true' }] }), [
      'MATCH_CONDITION',
    ]);
  });

  it('a condition of bootstrap is a finding if the policy has custom resources with images elsewhere', async () => {
    const document = policyDocument([{ requiredDigest: {} }]);
    const own = [{ resource: 'widgets.example.com', kind: 'Widget', images: [{ image: 'data.image' }] }];
    const policy = await decodePolicy({ ...document, spec: { ...document.spec, customResources: own } });
    const ours = webhook({ matchConditions: matchConditions(V1_37, KNOWN_KINDS) });
    assert.deepEqual(
      examineSelectors(ours, V1_37, policy).map(({ code, what }) => `${code} ${what.slice(0, 32)}`),
      ['MATCH_CONDITION matchCondition changes-the-spec '],
    );
  });
});
