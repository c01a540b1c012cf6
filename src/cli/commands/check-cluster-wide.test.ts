import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ruleText } from '#test/bad-policies.ts';
import { bouncer, folderOf } from '#test/command-line.ts';

it('check: what lives in no namespace is judged in none, as it is at admission', async () => {
  const images = 'spec: {images: {registry.example.com/a: {tags: [{tag: "1"}]}}}';
  const manifest = `apiVersion: apps.kruise.io/v1alpha1\nkind: NodeImage\nmetadata: {name: node-1, namespace: prod}\n${images}\n`;
  const allowed = 'allowedImages: {images: [registry.example.com/**]}';
  await using folder = await folderOf({ 'p.yaml': ruleText('match: {namespaces: [prod]}', allowed) });
  const { code, stdout } = await bouncer(
    ['check', '--policy', folder.file('p.yaml'), '--namespace', 'prod', '-'],
    { stdin: manifest },
  );
  assert.equal(code, 1);
  assert.match(stdout, /no rule of the policy is about this image/);
});
