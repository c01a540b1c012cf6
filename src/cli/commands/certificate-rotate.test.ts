import assert from 'node:assert/strict';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { company, lifeDays, made, texts } from '#test/certificate-folders.ts';
import { bouncer, folderOf } from '#test/command-line.ts';
import { namesOf, parseCertificate, parseCertificates } from '../../certificate/inspect.ts';

describe('certificate rotate --folder', () => {
  const quick = ['--delay', '0', '--client-delay', '0'];

  it('gives the gate another certificate, and prints each step; flip: --host-names, --days', async () => {
    await using folder = await made();
    const before = await texts(folder.pki);
    const { code, stdout } = await bouncer([
      'certificate',
      'rotate',
      '--folder',
      folder.pki,
      ...quick,
      '--host-names',
      'other.example',
      '--days',
      '9',
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^wait: 0 s,/m);
    assert.match(stdout, /^begins: certificate and key, under the same CA\n[^]*switch-leaf: [^]*\ndone\n$/);
    const after = await texts(folder.pki);
    assert.deepEqual([after['ca.crt'], after['ca.key']], [before['ca.crt'], before['ca.key']]);
    assert.notEqual(after['tls.key'], before['tls.key']);
    assert.deepEqual(namesOf(parseCertificate(after['tls.crt'] ?? '')).dns, ['other.example']);
    assert.equal(lifeDays(after['tls.crt']), 9);
  });

  it('flip: --authority rotates the CA and the client pair; flip: --ca-days, --delay, --client-delay', async () => {
    await using folder = await made('--client-name', 'kube-apiserver');
    const before = await texts(folder.pki);
    const args = [
      'certificate',
      'rotate',
      '--folder',
      folder.pki,
      '--delay',
      '0',
      '--client-delay',
      '1',
      '--authority',
      '--ca-days',
      '50',
      '--kubernetes-version',
      '1.37',
    ];
    const { code, stdout } = await bouncer(args);
    assert.equal(code, 0);
    assert.deepEqual(stdout.match(/^(?:new CA|switch-leaf|switch-client|drop)/gm), [
      'new CA',
      'switch-leaf',
      'switch-client',
      'drop',
    ]);
    assert.deepEqual(stdout.match(/^wait: \d+ s/gm), ['wait: 0 s', 'wait: 0 s', 'wait: 1 s']);
    const after = await texts(folder.pki);
    const [authority, ...others] = parseCertificates(after['ca.crt'] ?? '');
    assert.ok(authority !== undefined && others.length === 0 && after['ca.crt'] !== before['ca.crt']);
    for (const leaf of ['tls.crt', 'apiserver-client.crt'])
      assert.ok(parseCertificate(after[leaf] ?? '').verify(authority.publicKey));
    assert.equal(lifeDays(after['ca.crt']), 50);
    for (const name of Object.keys(after))
      assert.equal((await stat(join(folder.pki, name))).mode & 0o777, 0o600, name);
  });

  it('flip: --kubernetes-version; a CA that the API server reads only once cannot be rotated, and nothing is changed', async () => {
    await using folder = await made();
    const before = await texts(folder.pki);
    const args = ['certificate', 'rotate', '--folder', folder.pki, ...quick, '--authority'];
    for (const [more, said] of [
      [[], /^error: --kubernetes-version is missing: an API server before 1\.36 reads the CA/],
      [
        ['--kubernetes-version', '1.35.2'],
        /^error: an API server of Kubernetes 1\.35 reads the CA of ImagePolicyWebhook only when it starts/,
      ],
      [['--kubernetes-version', 'new'], /^error: --kubernetes-version: "new" is not a version/],
    ] as const) {
      const { code, stderr } = await bouncer([...args, ...more]);
      assert.equal(code, 2);
      assert.match(stderr, said);
    }
    assert.deepEqual(await texts(folder.pki), before);
  });

  it('flip: --address, --canary-timeout; the rotation stops with exit code 1 if the gate does not answer', async () => {
    await using folder = await made();
    const before = await texts(folder.pki);
    const args = ['certificate', 'rotate', '--folder', folder.pki, ...quick, '--address'];
    const { code, stderr } = await bouncer([...args, '127.0.0.1:1', '--canary-timeout', '0']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^the rotation stopped because the canary does not pass: 127\.0\.0\.1:\d+: no certificate was received/,
    );
    assert.deepEqual(await texts(folder.pki), before);
    assert.match(
      (await bouncer([...args, 'nowhere'])).stderr,
      /^error: --address: "nowhere" is not host:port/,
    );
  });

  it('flip: --ca-cert and --ca-key sign the new certificate, and no CA key is stored', async () => {
    await using folder = await made();
    const given = ['--ca-cert', folder.file('company.crt'), '--ca-key', folder.file('company.key')];
    const args = ['certificate', 'rotate', '--folder', folder.pki, ...quick, ...given];
    assert.match((await bouncer(args)).stderr, /^error: the given authority is not the trusted one/);
    const { code } = await bouncer([...args, '--authority', '--kubernetes-version', '1.36']);
    assert.equal(code, 0);
    const files = await texts(folder.pki);
    assert.deepEqual(Object.keys(files), ['ca.crt', 'tls.crt', 'tls.key']);
    assert.equal(files['ca.crt'], String(parseCertificate(company.certificate)));
  });

  it('is refused if there is nothing to rotate, or if an option needs --folder', async () => {
    await using folder = await folderOf({});
    await mkdir(folder.file('pki'));
    await chmod(folder.file('pki'), 0o700);
    assert.match(
      (await bouncer(['certificate', 'rotate', '--folder', folder.file('pki')])).stderr,
      /ca\.crt: missing; there is nothing to rotate/,
    );
    assert.match(
      (await bouncer(['certificate', 'rotate', '--webhooks'])).stderr,
      /^error: --address and --webhooks belong to --folder/,
    );
  });
});
