import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDocuments } from '../../src/document/yaml.ts';
import { admissionReview } from '../../src/admission/admission-review.ts';
import { imageReview } from '../../src/admission/image-review.ts';
import { createRoutes, findRoute } from '../../src/server/routes.ts';
import { groupOf, WORKLOAD_KINDS } from '../../src/workload/kinds.ts';
import { blocksOf } from './blocks.ts';

interface WebhookRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
}

/** The YAML of a page that has this line, parsed. */
function documentIn(page: string, line: string): unknown {
  const block = blocksOf(page).find(
    ({ language, text }) => language === 'yaml' && text.includes(`${line}\n`),
  );
  assert.ok(block, `${page} has no ${line}`);
  const [document, ...others] = parseDocuments(block.text, page);
  assert.deepEqual(others, []);
  return document?.value;
}

const routes = createRoutes({ imageReview, admissionReview });

/** The protocol that is spoken at the path of an address. */
function protocolAt(url: string): string | undefined {
  const route = findRoute(routes, 'POST', new URL(url).pathname);
  return 'status' in route ? undefined : route.protocol.name;
}

/** Every resource that holds images and is served today, as `GROUP VERSION RESOURCE`. */
const covered = [
  ...new Set(
    WORKLOAD_KINDS.filter(({ kind }) => kind !== 'ScheduledJob').flatMap(({ kind, resource, served }) => {
      const [current = ''] = served;
      const [name = ''] = resource.split('.');
      const version = current.split('/').at(-1) ?? '';
      return `${groupOf(current)} ${version} ${kind === 'EphemeralContainers' ? 'pods/ephemeralcontainers' : name}`;
    }),
  ),
];

/** What webhook rules name, in the same words; `*` stands for any version. */
function namedBy(rules: readonly WebhookRule[]): Set<string> {
  return new Set(
    rules.flatMap(({ apiGroups, apiVersions, resources }) =>
      apiGroups.flatMap((group) =>
        apiVersions.flatMap((version) => resources.map((resource) => `${group} ${version} ${resource}`)),
      ),
    ),
  );
}

describe('the wirings that the pages show', () => {
  it('the webhook of the README asks about every workload that holds images, on CREATE and UPDATE, and fails closed', () => {
    const { webhooks } = documentIn('README.md', 'kind: ValidatingWebhookConfiguration') as {
      webhooks: [
        {
          clientConfig: { url: string };
          admissionReviewVersions: string[];
          sideEffects: string;
          failurePolicy: string;
          timeoutSeconds: number;
          rules: WebhookRule[];
        },
      ];
    };
    const [webhook, ...others] = webhooks;
    assert.deepEqual(others, []);
    assert.deepEqual([...namedBy(webhook.rules)].toSorted(), covered.toSorted());
    for (const { operations } of webhook.rules) assert.deepEqual(operations, ['CREATE', 'UPDATE']);
    assert.equal(protocolAt(webhook.clientConfig.url), 'AdmissionReview');
    assert.deepEqual(webhook.admissionReviewVersions, ['v1', 'v1beta1']);
    assert.deepEqual([webhook.sideEffects, webhook.failurePolicy], ['None', 'Fail']);
    assert.ok(webhook.timeoutSeconds <= 30);
  });

  it('docs/protocols.md asks about the same, in any version', () => {
    const { rules } = documentIn('docs/protocols.md', 'rules:') as { rules: WebhookRule[] };
    const named = namedBy(rules);
    assert.deepEqual([...named].toSorted(), covered.map((name) => name.replace(/ \S+ /, ' * ')).toSorted());
  });

  it('the kubeconfig of the README leads to /image_policy', () => {
    const config = documentIn('README.md', 'kind: Config') as {
      clusters: { name: string; cluster: { server: string } }[];
      users: { name: string }[];
      contexts: { name: string; context: { cluster: string; user: string } }[];
      'current-context': string;
    };
    const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
    const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
    assert.equal(protocolAt(cluster?.server ?? ''), 'ImageReview');
    assert.ok(config.users.some(({ name }) => name === context?.user));
  });

  it('the admission configuration of the README names that kubeconfig and fails closed', () => {
    const { apiVersion, plugins } = documentIn('README.md', 'kind: AdmissionConfiguration') as {
      apiVersion: string;
      plugins: { name: string; configuration: { imagePolicy: Record<string, unknown> } }[];
    };
    assert.equal(apiVersion, 'apiserver.config.k8s.io/v1');
    const [{ name, configuration } = assert.fail('no plugin')] = plugins;
    assert.equal(name, 'ImagePolicyWebhook');
    assert.deepEqual(configuration.imagePolicy, {
      kubeConfigFile: '/etc/kubernetes/image-policy/kubeconfig.yaml',
      allowTTL: 50,
      denyTTL: 50,
      retryBackoff: 500,
      defaultAllow: false,
    });
  });
});
