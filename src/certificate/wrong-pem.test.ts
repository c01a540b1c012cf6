import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createAuthority, type KeyPair } from './authority.ts';
import { parseCertificate, parsePrivateKey, verifyKeyPair } from './inspect.ts';
import { createSigningRequest } from './signing-request.ts';
import { explainWrongPem } from './wrong-pem.ts';

const run = promisify(execFile);
const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), days: 30 };
const PASSWORD = 'pass:secret';

describe('X12 a file that is no certificate or no private key', () => {
  let folder: string;
  let authority: KeyPair;
  let pair: KeyPair;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wrong-pem-'));
    const made = await createAuthority({ commonName: 'a', ...validity });
    authority = made;
    pair = await made.issueServing({
      commonName: 'g',
      dnsNames: ['g.example'],
      ipAddresses: [],
      ...validity,
    });
    await writeFile(at('tls.crt'), pair.certificate);
    await writeFile(at('tls.key'), pair.key);
    await writeFile(at('tls.crt.base64'), Buffer.from(pair.certificate).toString('base64'));
    const files = ['-inkey', at('tls.key'), '-in', at('tls.crt'), '-passout', 'pass:'];
    await Promise.all([
      openssl('pkey', '-in', at('tls.key'), '-aes128', '-passout', PASSWORD, '-out', at('encrypted.key')),
      openssl('ec', '-in', at('tls.key'), '-aes128', '-passout', PASSWORD, '-out', at('older.key')),
      openssl('pkey', '-in', at('tls.key'), '-outform', 'DER', '-out', at('der.key')),
      openssl('pkey', '-in', at('tls.key'), '-pubout', '-out', at('public.key')),
      openssl('x509', '-in', at('tls.crt'), '-outform', 'DER', '-out', at('der.crt')),
      openssl('pkcs12', '-export', ...files, '-out', at('pair.p12')),
      openssl('crl2pkcs7', '-nocrl', '-certfile', at('tls.crt'), '-out', at('pkcs7.crt')),
    ]);
  });
  after(() => rm(folder, { recursive: true }));

  const at = (name: string): string => join(folder, name);

  function openssl(...args: readonly string[]): Promise<unknown> {
    return run('openssl', args);
  }

  /** The message of a file that is given as a certificate, or as a private key. */
  async function messageOf(name: string, wanted: 'certificate' | 'private key'): Promise<string> {
    const text = await readFile(at(name), 'utf8');
    try {
      (wanted === 'certificate' ? parseCertificate : parsePrivateKey)(text);
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
    return assert.fail('it can be read');
  }

  const MENDED = [
    ['encrypted.key', 'private key', /^the private key is encrypted with a password,/],
    ['older.key', 'private key', /^the private key is encrypted with a password,/],
    ['der.key', 'private key', /^the private key is binary, not PEM;/],
    ['pair.p12', 'private key', /^the private key is binary, not PEM;/],
    ['der.crt', 'certificate', /^the certificate is binary, not PEM;/],
    ['pair.p12', 'certificate', /^the certificate is binary, not PEM;/],
    ['pkcs7.crt', 'certificate', /^the certificate is in PKCS#7;/],
    ['tls.crt.base64', 'certificate', /^the certificate is in base64,/],
  ] as const;
  for (const [name, wanted, pattern] of MENDED)
    it(`${name}, given as a ${wanted}, has a message whose command mends it`, async () => {
      const message = await messageOf(name, wanted);
      assert.match(message, pattern);
      const plain = `${name}.${wanted === 'certificate' ? 'crt' : 'key'}`;
      const commands = message.match(/(?:openssl|base64) [^,;]*PLAIN/g) ?? [];
      const command = commands.at(name.endsWith('.p12') ? -1 : 0) ?? assert.fail(message);
      const password = name.endsWith('.p12') ? ' -passin pass:' : ` -passin ${PASSWORD}`;
      const runnable = command.replace('FILE', at(name)).replace('PLAIN', at(plain));
      const needsPassword = command.startsWith('openssl pk') && !command.startsWith('openssl pkcs7');
      await run('sh', ['-c', needsPassword ? runnable + password : runnable]);
      const text = await readFile(at(plain), 'utf8');
      if (wanted === 'certificate') verifyKeyPair({ certificate: text, key: pair.key });
      else verifyKeyPair({ certificate: pair.certificate, key: text });
    });

  it('names what the file holds in place of what is needed', async () => {
    const { request } = await createSigningRequest({
      commonName: 'g',
      dnsNames: ['g.example'],
      ipAddresses: [],
    });
    const openssh = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg==\n-----END OPENSSH PRIVATE KEY-----\n';
    const cases = [
      ['', 'certificate', /is empty$/],
      ['\n', 'private key', /is empty$/],
      [
        pair.key,
        'certificate',
        /^the file holds a private key, and no certificate: are the files .* swapped\?$/,
      ],
      [pair.certificate, 'private key', /^the file holds a certificate, and no private key/],
      [request, 'certificate', /^the file holds a certificate signing request, and no certificate/],
      [await readFile(at('public.key'), 'utf8'), 'private key', /^the file holds a public key/],
      [
        openssh,
        'private key',
        /^the private key is in the form of OpenSSH; convert it: ssh-keygen -p -m PKCS8/,
      ],
    ] as const;
    for (const [text, wanted, pattern] of cases) assert.match(explainWrongPem(text, wanted) ?? '', pattern);
    assert.equal(explainWrongPem('x', 'certificate'), undefined);
    assert.equal(explainWrongPem(pair.key.slice(0, 60), 'private key'), undefined);
  });

  it('is a chain whose first certificate is not that of the key: the message names the right one', () => {
    const certificate = authority.certificate + pair.certificate;
    assert.throws(() => verifyKeyPair({ certificate, key: pair.key }), {
      code: 'KEY_MISMATCH',
      message:
        /^the private key belongs to certificate 2 of the file, and not to the first one: put that certificate first/,
    });
  });

  it('is never quoted', async () => {
    for (const [name, wanted] of MENDED) {
      const text = await readFile(at(name), 'utf8');
      const message = await messageOf(name, wanted);
      for (const line of text.split('\n'))
        if (line.length > 20) assert.ok(!message.includes(line.slice(0, 20)));
    }
  });
});
