import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { company, lifeDays, made, NAMES, texts } from '#test/certificate-folders.ts';
import { bouncer, folderOf } from '#test/command-line.ts';
import { namesOf, parseCertificate, verifyKeyPair } from '../../certificate/inspect.ts';

describe('certificate create', () => {
  it('makes missing files, lists them, and changes nothing the second time', async () => {
    await using folder = await made('--client-name', 'kube-apiserver');
    const before = await texts(folder.pki);
    assert.deepEqual(Object.keys(before), [
      'apiserver-client.crt',
      'apiserver-client.key',
      'ca.crt',
      'ca.key',
      'tls.crt',
      'tls.key',
    ]);
    const { stdout } = await bouncer([
      'certificate',
      'create',
      folder.pki,
      ...NAMES,
      '--client-name',
      'kube-apiserver',
    ]);
    assert.equal(stdout.match(/^kept {2}/gm)?.length, 6);
    assert.deepEqual(await texts(folder.pki), before);
    assert.equal((await stat(join(folder.pki, 'ca.key'))).mode & 0o777, 0o600);
  });

  it('flip: --host-names sets the names, --days and --ca-days set the lifetimes', async () => {
    await using folder = await made('--days', '7', '--ca-days', '70');
    const files = await texts(folder.pki);
    assert.deepEqual([lifeDays(files['tls.crt']), lifeDays(files['ca.crt'])], [7, 70]);
    assert.deepEqual(namesOf(parseCertificate(files['tls.crt'] ?? '')), {
      dns: ['localhost'],
      ip: ['127.0.0.1'],
      uri: [],
    });
    assert.equal(files['apiserver-client.crt'], undefined, 'flip: --client-name');
  });

  it('flip: --ca-cert and --ca-key sign, and the key is not copied', async () => {
    await using folder = await folderOf({ 'company.crt': company.certificate, 'company.key': company.key });
    const given = ['--ca-cert', folder.file('company.crt'), '--ca-key', folder.file('company.key')];
    const { code } = await bouncer(['certificate', 'create', folder.file('pki'), ...NAMES, ...given]);
    assert.equal(code, 0);
    const files = await texts(folder.file('pki'));
    assert.deepEqual(Object.keys(files), ['ca.crt', 'tls.crt', 'tls.key']);
    assert.ok(
      parseCertificate(files['tls.crt'] ?? '').verify(parseCertificate(company.certificate).publicKey),
    );
    const { stderr } = await bouncer([
      'certificate',
      'create',
      folder.file('pki'),
      ...NAMES,
      ...given.slice(0, 2),
    ]);
    assert.match(stderr, /^error: --ca-key is missing: /);
  });

  it('flip: --force overwrites a private key that cannot be used', async () => {
    await using folder = await made();
    await writeFile(join(folder.pki, 'tls.key'), 'half a key');
    const args = ['certificate', 'create', folder.pki, ...NAMES];
    assert.deepEqual(await bouncer(args), {
      code: 2,
      stdout: '',
      stderr: `error: ${folder.pki}: the private key is not readable PEM\n`,
    });
    assert.equal((await bouncer([...args, '--force'])).code, 0);
    const files = await texts(folder.pki);
    assert.ok(verifyKeyPair({ certificate: files['tls.crt'] ?? '', key: files['tls.key'] ?? '' }));
  });

  it('reads its names also from BOUNCER_HOST_NAMES', async () => {
    await using folder = await folderOf({});
    const env = { BOUNCER_HOST_NAMES: 'variable.example' };
    assert.equal((await bouncer(['certificate', 'create', folder.file('pki')], { env })).code, 0);
    const files = await texts(folder.file('pki'));
    assert.deepEqual(namesOf(parseCertificate(files['tls.crt'] ?? '')).dns, ['variable.example']);
  });

  it('refuses options that make no valid certificate', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /^error: --host-names is missing: /],
      [['--host-names', 'no name'], /cannot be made for "no name"/],
      [[...NAMES, '--days', '0'], /^error: --days: "0" is not a whole number from 1 to 7300/],
    ];
    await using folder = await folderOf({});
    for (const [args, said] of cases) {
      const { code, stderr } = await bouncer(['certificate', 'create', folder.file('pki'), ...args]);
      assert.equal(code, 2);
      assert.match(stderr, said);
    }
  });
});
