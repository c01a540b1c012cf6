import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { company, made, texts } from '#test/certificate-folders.ts';
import { bouncer } from '#test/command-line.ts';
import { renderYaml } from '../../document/render.ts';
import { parseDocuments } from '../../document/yaml.ts';
import { STATIC_CONFIGURATION, WEBHOOKS } from '../../wiring/names.ts';

/** A configuration of `bootstrap static`. `bundles` has the `caBundle` of each webhook by its name. */
function configuration(bundles: Readonly<Record<string, string>>): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: STATIC_CONFIGURATION },
    webhooks: Object.entries(bundles).map(([name, bundle]) => ({
      name,
      clientConfig: {
        url: 'https://127.0.0.1:1323/validate',
        caBundle: Buffer.from(bundle).toString('base64'),
      },
    })),
  };
}

/** Writes a file beside the certificates, where the API server reads its static webhooks. */
async function wire(pki: string, ...documents: readonly object[]): Promise<string> {
  const file = join(dirname(pki), 'static-webhooks', 'kube-image-bouncer.yaml');
  await mkdir(dirname(file));
  await writeFile(file, `# ours\n${documents.map((document) => renderYaml(document)).join('---\n')}`);
  return file;
}

interface Configuration {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle: string } }[];
}

/** The `caBundle` of each webhook in a file: of all documents, and of the items of a list. */
async function bundlesIn(file: string): Promise<readonly string[]> {
  return parseDocuments(await readFile(file, 'utf8'), file).flatMap(({ value }) => {
    const { items = [value] } = value as { items?: readonly unknown[] };
    return (items as readonly Configuration[]).flatMap(({ webhooks }) =>
      webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle, 'base64').toString()),
    );
  });
}

describe('certificate rotate --folder, beside a webhook from a file', () => {
  const rotate = ['--authority', '--kubernetes-version', '1.37', '--delay', '0', '--client-delay', '0'];

  it('the webhook trusts the new CA first, and stops trusting the old one last', async () => {
    await using folder = await made();
    const before = (await texts(folder.pki))['ca.crt'] ?? '';
    const file = await wire(
      folder.pki,
      configuration({ 'other.example.com': 'other', [WEBHOOKS.images]: before }),
    );
    const { code, stderr } = await bouncer(['certificate', 'rotate', '--folder', folder.pki, ...rotate]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(await bundlesIn(file), ['other', (await texts(folder.pki))['ca.crt']]);
    assert.match(await readFile(file, 'utf8'), /^# ours\n/, 'the rest stays as it was written');
  });

  it('a webhook with a name of the user is rotated if it trusts our CA; a foreign CA is not overwritten', async () => {
    await using folder = await made();
    const before = (await texts(folder.pki))['ca.crt'] ?? '';
    const file = await wire(
      folder.pki,
      configuration({ 'images.example.com': before, 'other.example.com': company.certificate }),
    );
    const { code, stderr } = await bouncer(['certificate', 'rotate', '--folder', folder.pki, ...rotate]);
    assert.equal(code, 0, stderr);
    const after = (await texts(folder.pki))['ca.crt'];
    assert.notEqual(after, before);
    assert.deepEqual(await bundlesIn(file), [after, company.certificate]);
  });

  it('rotates the webhooks of every document and of the items of a list', async () => {
    await using folder = await made();
    const ours = configuration({ [WEBHOOKS.images]: (await texts(folder.pki))['ca.crt'] ?? '' });
    const foreign = configuration({ 'other.example.com': company.certificate });
    const file = await wire(folder.pki, foreign, ours, {
      apiVersion: 'v1',
      kind: 'List',
      items: [foreign, ours],
    });
    const { code, stderr } = await bouncer(['certificate', 'rotate', '--folder', folder.pki, ...rotate]);
    assert.equal(code, 0, stderr);
    const after = (await texts(folder.pki))['ca.crt'];
    assert.deepEqual(await bundlesIn(file), [company.certificate, after, company.certificate, after]);
  });

  it('does not change the leaf before the webhook trusts it', async () => {
    await using folder = await made();
    const before = await texts(folder.pki);
    const file = await wire(folder.pki, configuration({ [WEBHOOKS.images]: before['ca.crt'] ?? '' }));
    await writeFile(file, 'webhooks: [');
    const { code, stderr } = await bouncer(['certificate', 'rotate', '--folder', folder.pki, ...rotate]);
    assert.equal(code, 2);
    assert.match(stderr, /^error: \S+kube-image-bouncer\.yaml:1:\d+: /);
    assert.deepEqual(await texts(folder.pki), before);
  });
});
