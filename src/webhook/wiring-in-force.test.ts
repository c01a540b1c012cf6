import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readWiring } from './wiring-in-force.ts';

describe('the active wiring', () => {
  const wiringOf = (...webhooks: unknown[]) =>
    readWiring({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'kube-image-bouncer' },
      webhooks,
    });
  const name = 'images.kube-image-bouncer.io';

  it('is read from a URL and from a Service', () => {
    const url = 'https://127.0.0.1:1323/validate/audit';
    assert.deepEqual(wiringOf({ name: 'other' }, { name, clientConfig: { url } }), {
      stage: 'audit',
      namespace: undefined,
      leftOut: [],
    });
    const service = { namespace: 'gates', name: 'kube-image-bouncer', path: '/validate/warn' };
    const byName = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['gates'] };
    const byLabel = { key: 'team', operator: 'NotIn', values: ['a'] };
    const namespaceSelector = { matchExpressions: [byName, byLabel] };
    assert.deepEqual(wiringOf({ name, clientConfig: { service }, namespaceSelector }), {
      stage: 'warn',
      namespace: 'gates',
      leftOut: ['gates'],
    });
  });

  it('does not exist without our webhook, and has no stage at a path where a gate does not answer', () => {
    assert.equal(readWiring(undefined), undefined);
    assert.equal(wiringOf({ name: 'other', clientConfig: { url: 'https://a/' } }), undefined);
    assert.equal(wiringOf({ name }), undefined);
    assert.equal(wiringOf({ name, clientConfig: { url: 'https://a/b' } })?.stage, undefined);
    assert.equal(wiringOf({ name, clientConfig: { service: { namespace: 'a' } } })?.stage, 'deny');
  });
});
