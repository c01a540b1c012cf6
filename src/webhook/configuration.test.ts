import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_LATEST, policyDocument } from '#test/policies.ts';
import { parseKubernetesVersion, type KubernetesVersion } from '../kubernetes/version.ts';
import { decodePolicy } from '../policy/decode.ts';
import {
  renderStaticConfiguration,
  renderWebhookConfiguration,
  uncoveredNamespaces,
  type Webhook,
  type WiringRequest,
} from './configuration.ts';

const version = (text: string): KubernetesVersion => parseKubernetesVersion(text) ?? assert.fail(text);

const byUrl: WiringRequest = {
  address: { form: 'url', origin: 'https://gate.example.com:1323' },
  policy: NO_LATEST,
  stage: 'deny',
  kubeSystem: 'warn',
  exemptNamespaces: [],
  timeoutSeconds: 10,
  version: version('1.37'),
  trust: 'PEM',
};
const byService: WiringRequest = { ...byUrl, address: { form: 'service', namespace: 'gates' } };

function webhooksOf(request: WiringRequest): readonly Webhook[] {
  return renderWebhookConfiguration(request)['webhooks'] as readonly Webhook[];
}

/** `operator values`, as a webhook chooses namespaces. */
function namespacesOf(request: WiringRequest): readonly string[] {
  return webhooksOf(request).map(({ namespaceSelector: { matchExpressions = [] } }) =>
    matchExpressions.map(({ operator, values }) => `${operator} ${values.join()}`).join(';'),
  );
}

describe('a webhook configuration', () => {
  it('sets every field, so no default of a version applies', () => {
    const [webhook] = webhooksOf(byUrl);
    const { rules, matchConditions, ...rest } = webhook ?? assert.fail('no webhook');
    assert.ok(rules.length > 0 && matchConditions !== undefined);
    assert.deepEqual(rest, {
      name: 'images.kube-image-bouncer.io',
      clientConfig: { url: 'https://gate.example.com:1323/validate', caBundle: 'UEVN' },
      admissionReviewVersions: ['v1', 'v1beta1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
      timeoutSeconds: 10,
      matchPolicy: 'Equivalent',
      namespaceSelector: {
        matchExpressions: [
          { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] },
        ],
      },
      objectSelector: {},
    });
  });

  it('A12 reviews every version of a kind: matchPolicy is never Exact', () => {
    for (const request of [byUrl, byService]) {
      for (const rendered of [renderWebhookConfiguration(request), renderStaticConfiguration(request)]) {
        const policies = (rendered['webhooks'] as readonly Webhook[]).map(({ matchPolicy }) => matchPolicy);
        assert.deepEqual(new Set(policies), new Set(['Equivalent']));
      }
    }
  });

  it('reviews cluster-scoped objects once, in its first webhook', () => {
    const [images, kubeSystem] = webhooksOf(byUrl).map(({ rules }) => rules.map(({ scope }) => scope));
    assert.deepEqual([images?.includes('Cluster'), kubeSystem?.includes('Cluster')], [true, false]);
    const [only] = webhooksOf({ ...byUrl, kubeSystem: 'deny' });
    assert.ok(only?.rules.some(({ scope }) => scope === 'Cluster'));
  });

  it('reviews every update if images are outside spec and template', async () => {
    const document = policyDocument([{ disallowedTags: { tags: ['latest'] } }]);
    const conditionsWith = async (image: string) => {
      const own = [{ resource: 'widgets.example.com', kind: 'Widget', images: [{ image }] }];
      const policy = await decodePolicy({ ...document, spec: { ...document.spec, customResources: own } });
      return webhooksOf({ ...byUrl, policy })[0]?.matchConditions?.map(({ name }) => name);
    };
    assert.deepEqual(await conditionsWith('spec.image'), ['not-a-mirror-pod', 'changes-the-spec']);
    assert.deepEqual(await conditionsWith('data.image'), ['not-a-mirror-pod']);
  });

  it('flip: the stage chooses path and failure policy; kube-system is never blocked', () => {
    const pathsAt = (stage: WiringRequest['stage']): string[] =>
      webhooksOf({ ...byUrl, stage }).map(
        ({ clientConfig, failurePolicy }) => `${new URL(clientConfig.url ?? '').pathname} ${failurePolicy}`,
      );
    assert.deepEqual(pathsAt('deny'), ['/validate Fail', '/validate/warn Ignore']);
    assert.deepEqual(pathsAt('warn'), ['/validate/warn Ignore', '/validate/warn Ignore']);
    assert.deepEqual(pathsAt('audit'), ['/validate/audit Ignore', '/validate/audit Ignore']);
  });

  it('flip: a gate in the cluster is called by its Service', () => {
    const configs = webhooksOf(byService).map(({ clientConfig }) => clientConfig);
    const service = { namespace: 'gates', name: 'kube-image-bouncer', port: 443 };
    assert.deepEqual(configs, [
      { service: { ...service, path: '/validate' }, caBundle: 'UEVN' },
      { service: { ...service, path: '/validate/warn' }, caBundle: 'UEVN' },
    ]);
  });

  it('flip: kube-system gets warnings, denials or no reviews', () => {
    assert.deepEqual(namespacesOf(byUrl), ['NotIn kube-system', 'In kube-system']);
    assert.deepEqual(namespacesOf({ ...byUrl, kubeSystem: 'deny' }), ['']);
    assert.deepEqual(namespacesOf({ ...byUrl, kubeSystem: 'exempt' }), ['NotIn kube-system']);
  });

  it('E11 excludes the namespace of a gate in the cluster by its name', () => {
    assert.deepEqual(namespacesOf(byService), ['NotIn gates,kube-system', 'In kube-system']);
    assert.deepEqual(namespacesOf({ ...byService, kubeSystem: 'deny' }), ['NotIn gates']);
    assert.deepEqual(uncoveredNamespaces(byUrl), []);
  });

  it('flip: other namespaces are left out by their exact names', () => {
    const exemptNamespaces = ['b', 'a', 'kube-system'];
    assert.deepEqual(namespacesOf({ ...byUrl, exemptNamespaces }), ['NotIn a,b,kube-system']);
    assert.deepEqual(uncoveredNamespaces({ ...byService, exemptNamespaces }), [
      'a',
      'b',
      'gates',
      'kube-system',
    ]);
  });

  it('E03 selects by no label that users can set, and by no label of an object', () => {
    for (const request of [byUrl, byService]) {
      for (const webhook of webhooksOf({ ...request, exemptNamespaces: ['a'] })) {
        assert.deepEqual(webhook.objectSelector, {});
        assert.deepEqual(Object.keys(webhook.namespaceSelector), ['matchExpressions']);
        for (const { key } of webhook.namespaceSelector.matchExpressions ?? [])
          assert.equal(key, 'kubernetes.io/metadata.name');
      }
    }
  });

  it('flip: conditions exist since 1.28, whose API servers all support them', () => {
    const conditions = (text: string): readonly (string | undefined)[] =>
      webhooksOf({ ...byUrl, version: version(text) }).map(({ matchConditions }) =>
        matchConditions?.map(({ name }) => name).join(),
      );
    assert.deepEqual(conditions('1.27.16'), [undefined, undefined]);
    const both = 'not-a-mirror-pod,changes-the-spec';
    assert.deepEqual(conditions('v1.28.0'), [both, both]);
  });

  it('flip: timeout, trust and annotations', () => {
    const request = { ...byUrl, timeoutSeconds: 3, trust: undefined, annotations: { a: 'b' } };
    const configuration = renderWebhookConfiguration(request);
    assert.deepEqual(configuration.metadata.annotations, { a: 'b' });
    for (const { timeoutSeconds, clientConfig } of webhooksOf(request))
      assert.deepEqual([timeoutSeconds, 'caBundle' in clientConfig], [3, false]);
  });

  it('from a file has a name that is reserved for files, and accepts only v1', () => {
    const { metadata, webhooks } = renderStaticConfiguration(byUrl) as unknown as {
      metadata: { name: string };
      webhooks: Webhook[];
    };
    assert.equal(metadata.name, 'kube-image-bouncer.static.k8s.io');
    for (const webhook of webhooks) assert.deepEqual(webhook.admissionReviewVersions, ['v1']);
  });
});
