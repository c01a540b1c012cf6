import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { made, texts } from '#test/certificate-folders.ts';
import { bouncer } from '#test/command-line.ts';
import { renderYaml } from '../../document/render.ts';
import { parseDocuments } from '../../document/yaml.ts';
import { STATIC_CONFIGURATION, WEBHOOKS } from '../../wiring/names.ts';

/** A file of `bootstrap static` beside the certificates, with a webhook of another project in it. */
async function wire(pki: string, trust: string): Promise<string> {
  const file = join(dirname(pki), 'static-webhooks', 'kube-image-bouncer.yaml');
  const caBundle = Buffer.from(trust).toString('base64');
  const webhooks = [
    { name: 'other.example.com', clientConfig: { url: 'https://10.0.0.1', caBundle: 'b3RoZXI=' } },
    { name: WEBHOOKS.images, clientConfig: { url: 'https://127.0.0.1:1323/validate', caBundle } },
  ];
  const kind = 'ValidatingWebhookConfiguration';
  await mkdir(dirname(file));
  await writeFile(
    file,
    `# ours\n${renderYaml({ apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: STATIC_CONFIGURATION }, webhooks })}`,
  );
  return file;
}

async function bundlesIn(file: string): Promise<readonly string[]> {
  const [document] = parseDocuments(await readFile(file, 'utf8'), file);
  const { webhooks } = (document ?? assert.fail()).value as {
    webhooks: { clientConfig: { caBundle: string } }[];
  };
  return webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle, 'base64').toString());
}

describe('certificate rotate --folder, beside a webhook from a file', () => {
  const rotate = ['--authority', '--kubernetes-version', '1.37', '--delay', '0', '--client-delay', '0'];

  it('the webhook trusts the new CA first, and stops trusting the old one last', async () => {
    await using folder = await made();
    const file = await wire(folder.pki, (await texts(folder.pki))['ca.crt'] ?? '');
    const { code, stderr } = await bouncer(['certificate', 'rotate', '--folder', folder.pki, ...rotate]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(await bundlesIn(file), ['other', (await texts(folder.pki))['ca.crt']]);
    assert.match(await readFile(file, 'utf8'), /^# ours\n/, 'the rest stays as it was written');
  });

  it('does not change the leaf before the webhook trusts it', async () => {
    await using folder = await made();
    const before = await texts(folder.pki);
    const file = await wire(folder.pki, before['ca.crt'] ?? '');
    await writeFile(file, 'webhooks: [');
    const { code, stderr } = await bouncer(['certificate', 'rotate', '--folder', folder.pki, ...rotate]);
    assert.equal(code, 2);
    assert.match(stderr, /^error: \S+kube-image-bouncer\.yaml:1:\d+: /);
    assert.deepEqual(await texts(folder.pki), before);
  });
});
