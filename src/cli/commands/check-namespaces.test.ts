import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HEAD } from '#test/bad-policies.ts';
import { bouncer, folderOf } from '#test/command-line.ts';

/** No image is allowed in prod. In other namespaces the tag latest is not allowed. */
const RULES = `  - name: none-in-prod
    match: {namespaces: [prod]}
    allowedImages: {images: [nothing.invalid/**]}
  - name: no-latest
    exclude: {namespaces: [sandbox]}
    disallowedTags: {tags: [latest]}
`;

function policyOf(customResource: string): string {
  return `${HEAD}spec:
  unmatchedImages: Allow
  customResources:
  - {resource: widgets.example.com, kind: Widget, images: [{image: spec.image}]${customResource}}
  rules:
${RULES}`;
}

/** Whether `check` with these arguments refuses a manifest. */
async function refuses(policy: string, manifest: string, ...args: readonly string[]): Promise<boolean> {
  await using folder = await folderOf({ 'p.yaml': policy });
  const run = ['check', '--policy', folder.file('p.yaml'), ...args, '-'];
  const { code, stderr } = await bouncer(run, { stdin: manifest });
  assert.ok(code < 2, stderr);
  return code === 1;
}

const widget = (namespace: string, tag = '1'): string =>
  `{apiVersion: example.com/v1, kind: Widget, metadata: {name: w, namespace: ${namespace}}, spec: {image: "nginx:${tag}"}}`;
const pod = (metadata: string): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: p${metadata}}, spec: {containers: [{name: a, image: "nginx:1"}]}}`;

describe('check: the namespace that an object has at admission', () => {
  it('is --namespace if the object has an empty namespace, as in kubectl, and otherwise not known', async () => {
    const policy = policyOf('');
    for (const metadata of ['', ', namespace: ""']) {
      assert.equal(await refuses(policy, pod(metadata)), true, 'not known, so that the rule applies');
      assert.equal(await refuses(policy, pod(metadata), '--namespace=prod'), true);
      assert.equal(await refuses(policy, pod(metadata), '--namespace=dev'), false);
    }
    assert.equal(await refuses(policy, pod(', namespace: dev'), '--namespace=prod'), false);
  });

  it('flip: scope of a custom resource in the policy; without it the scope is unknown', async () => {
    const unknown = policyOf('');
    assert.equal(await refuses(unknown, widget('dev')), true, 'the scope is not known');
    assert.equal(await refuses(unknown, widget('sandbox', 'latest'), '--namespace=sandbox'), true);
    const namespaced = policyOf(', scope: Namespaced');
    assert.equal(await refuses(namespaced, widget('dev')), false);
    assert.equal(await refuses(namespaced, widget('sandbox', 'latest')), false);
    assert.equal(await refuses(namespaced, widget('prod')), true);
    const cluster = policyOf(', scope: Cluster');
    assert.equal(await refuses(cluster, widget('prod')), false, 'the API server removes the namespace');
    assert.equal(await refuses(cluster, widget('sandbox', 'latest'), '--namespace=sandbox'), true);
  });

  it('is empty for built-in cluster-scoped kinds', async () => {
    const images = 'spec: {images: {registry.example.com/a: {tags: [{tag: "1"}]}}}';
    const manifest = `apiVersion: apps.kruise.io/v1alpha1\nkind: NodeImage\nmetadata: {name: node-1, namespace: prod}\n${images}\n`;
    const policy = `${HEAD}spec:
  unmatchedImages: Deny
  rules:
  - name: here
    match: {namespaces: [prod]}
    allowedImages: {images: [registry.example.com/**]}
`;
    assert.equal(await refuses(policy, manifest, '--namespace=prod'), true);
  });
});
