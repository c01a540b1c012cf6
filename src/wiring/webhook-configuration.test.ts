import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeWebhooks, hasAddress, isOurs, namespacesLeftOut } from './webhook-configuration.ts';

function configuration(metadata: object, ...webhooks: readonly unknown[]): object {
  return { kind: 'ValidatingWebhookConfiguration', metadata, webhooks };
}

const FOREIGN = 'policy.example.com';

describe('a webhook is ours', () => {
  const CASES: readonly (readonly [what: string, metadata: object, name: string, expected: boolean])[] = [
    ['by its name', { name: 'any' }, 'images.kube-image-bouncer.io', true],
    ['by another name in our domain', { name: 'any' }, 'else.kube-image-bouncer.io', true],
    ['by the name of its configuration', { name: 'kube-image-bouncer' }, FOREIGN, true],
    ['by the name of a static configuration', { name: 'kube-image-bouncer.static.k8s.io' }, FOREIGN, true],
    [
      'by the label app.kubernetes.io/name of its configuration',
      { name: 'any', labels: { 'app.kubernetes.io/name': 'kube-image-bouncer' } },
      FOREIGN,
      true,
    ],
    [
      'by the label app.kubernetes.io/managed-by of its configuration',
      { name: 'any', labels: { 'app.kubernetes.io/managed-by': 'kube-image-bouncer' } },
      FOREIGN,
      true,
    ],
    ['not by a similar name', { name: 'kube-image-bouncer2' }, 'kube-image-bouncer.io.example.com', false],
    [
      'not by the label of other software',
      { name: 'any', labels: { 'app.kubernetes.io/name': 'x' } },
      FOREIGN,
      false,
    ],
    ['not without any sign', {}, '', false],
  ];
  for (const [what, metadata, name, expected] of CASES)
    it(what, () =>
      assert.deepEqual(decodeWebhooks(configuration(metadata, { name })).map(isOurs), [expected]),
    );
});

describe('a webhook of a configuration', () => {
  const decode = (webhook: unknown) =>
    decodeWebhooks(configuration({ name: 'gate' }, webhook))[0] ?? assert.fail();

  it('has the defaults of Kubernetes', () =>
    assert.deepEqual(decode({ name: 'a.b.c', clientConfig: { service: { namespace: 'n', name: 's' } } }), {
      source: 'ValidatingWebhookConfiguration gate',
      configuration: 'gate',
      labels: {},
      index: 0,
      name: 'a.b.c',
      target: { form: 'service', namespace: 'n', name: 's', port: 443, path: '/' },
      stage: 'deny',
      trust: undefined,
      failurePolicy: 'Fail',
      timeoutSeconds: 10,
      sideEffects: 'Unknown',
      reviewVersions: [],
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      matchConditions: [],
      rules: [],
    }));

  it('has the stage of the path of its URL', () => {
    const stageAt = (url: string) => decode({ clientConfig: { url } }).stage;
    assert.equal(stageAt('https://10.0.0.1:1323/validate/warn'), 'warn');
    assert.equal(stageAt('https://10.0.0.1:1323/elsewhere'), undefined);
    assert.equal(stageAt('no url'), undefined);
  });

  it('without an address has no stage', () => {
    for (const webhook of [{}, { clientConfig: {} }, { clientConfig: { service: 'x' } }, 'text', null]) {
      assert.equal(hasAddress(decode(webhook)), false);
      assert.equal(decode(webhook).stage, undefined);
    }
    assert.ok(hasAddress(decode({ clientConfig: { url: 'no url' } })));
  });

  it('keeps its index, whatever is before it', () =>
    assert.deepEqual(
      decodeWebhooks(configuration({}, null, { name: 'a' })).map(({ index, name }) => [index, name]),
      [
        [0, ''],
        [1, 'a'],
      ],
    ));

  it('names the file or the kind of its configuration', () => {
    const mutating = { kind: 'MutatingWebhookConfiguration', metadata: { name: 'm' }, webhooks: [{}] };
    assert.equal(decodeWebhooks(mutating)[0]?.source, 'MutatingWebhookConfiguration m');
    assert.equal(decodeWebhooks(mutating, '/a.yaml')[0]?.source, '/a.yaml');
    assert.deepEqual(decodeWebhooks(undefined), []);
  });

  it('leaves namespaces out only by the label that holds their names', () => {
    const byName = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['a', 'b'] };
    const others = [
      { ...byName, operator: 'In', values: ['c'] },
      { ...byName, key: 'team', values: ['d'] },
    ];
    assert.deepEqual(namespacesLeftOut({ matchExpressions: [byName, ...others] }), ['a', 'b']);
    assert.deepEqual(namespacesLeftOut({}), []);
  });
});
