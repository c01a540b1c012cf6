import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createServer } from 'node:tls';
import { company, DAY_MS, made, texts } from '#test/certificate-folders.ts';
import { bouncer, folderOf } from '#test/command-line.ts';

describe('certificate inspect', () => {
  it('finds no problem in a folder of certificate create; flip: --output', async () => {
    await using folder = await made('--client-name', 'kube-apiserver');
    const table = await bouncer(['certificate', 'inspect', folder.pki]);
    assert.equal(table.code, 0);
    assert.match(
      table.stdout,
      /tls\.crt\n {2}serving +CN=kube-image-bouncer\n {2}signed by +CN=.* authority\n {2}names +localhost, 127\.0\.0\.1\n/,
    );
    assert.match(table.stdout, /364 days left\n {2}key +matches the certificate\n/);
    const { stdout } = await bouncer(['certificate', 'inspect', folder.pki, '--output', 'json']);
    const document = JSON.parse(stdout) as {
      problems: number;
      certificates: { role: string; hasKey: boolean }[];
    };
    assert.deepEqual(
      [document.problems, document.certificates.map(({ role, hasKey }) => [role, hasKey])],
      [
        0,
        [
          ['client', true],
          ['authority', true],
          ['serving', true],
        ],
      ],
    );
  });

  it('ends with 1 and prints the problems: keys, names, trust, time', async () => {
    await using folder = await made();
    const [tls, strange] = [join(folder.pki, 'tls.crt'), folder.file('company.crt')];
    const old = await company.issueServing({
      commonName: 'old',
      dnsNames: ['old'],
      ipAddresses: [],
      notBefore: new Date(Date.now() - 9 * DAY_MS),
      days: 8,
    });
    await writeFile(folder.file('old.crt'), old.certificate);
    const cases: readonly (readonly [readonly string[], string])[] = [
      [[tls, folder.file('company.key')], 'CERTIFICATE_KEY_MISMATCH'],
      [[tls, strange], 'CERTIFICATE_NOT_TRUSTED'],
      [[tls, '--ca-cert', strange], 'CERTIFICATE_NOT_TRUSTED'],
      [[folder.file('old.crt')], 'CERTIFICATE_EXPIRED'],
    ];
    for (const [args, code] of cases) {
      const { code: ended, stdout } = await bouncer(['certificate', 'inspect', ...args]);
      assert.equal(ended, 1, code);
      assert.match(stdout, new RegExp(String.raw`^ {2}problem +.* \[${code}\]$`, 'm'));
    }
    assert.equal(
      (
        await bouncer([
          'certificate',
          'inspect',
          tls,
          join(folder.pki, 'tls.key'),
          join(folder.pki, 'ca.crt'),
        ])
      ).code,
      0,
    );
  });

  it('inspects a live address without trusting it', async () => {
    await using folder = await made();
    const files = await texts(folder.pki);
    const server = createServer({ cert: files['tls.crt'], key: files['tls.key'] }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      for (const place of [`127.0.0.1:${port}`, `https://localhost:${port}/validate`]) {
        const { code, stdout } = await bouncer(['certificate', 'inspect', place]);
        assert.equal(code, 0);
        assert.match(
          stdout,
          /serving +CN=kube-image-bouncer\n {2}signed by +CN=kube-image-bouncer authority \(not found\)/,
        );
      }
      const trusting = ['certificate', 'inspect', `127.0.0.1:${port}`, '--ca-cert'];
      assert.equal((await bouncer([...trusting, join(folder.pki, 'ca.crt')])).code, 0);
      assert.equal((await bouncer([...trusting, folder.file('company.crt')])).code, 1);
      const named = await bouncer(['certificate', 'inspect', `127.0.0.2:${port}`]);
      assert.equal(named.code, 2, 'no server listens there');
      assert.match(named.stderr, /^error: 127\.0\.0\.2:\d+: no certificate was received: /);
    } finally {
      server.close();
    }
  });

  it('ends with 2 when there is no certificate', async () => {
    await using folder = await folderOf({
      'torn.crt': company.certificate.slice(0, 200),
      'torn.key': 'x',
      'empty/x': '',
    });
    for (const [place, said] of [
      [folder.file('torn.crt'), /torn\.crt: the certificate is not readable PEM/],
      [folder.file('torn.key'), /torn\.key: the private key is not readable PEM/],
      [folder.file('empty'), /the folder contains no \.crt/],
      ['nowhere.crt', /nowhere\.crt: there is no such file, and this is neither host:port/],
      ['host:99999', /host:99999: there is no such file/],
    ] as const) {
      const { code, stderr } = await bouncer(['certificate', 'inspect', place]);
      assert.equal(code, 2);
      assert.match(stderr, said);
    }
  });
});
