import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type Authority, createAuthority } from '../../certificate/authority.ts';
import { parseCertificate } from '../../certificate/inspect.ts';
import { LEAF, makeOdd } from '#test/odd-certificates.ts';
import { renderRemedy } from '../remedy.ts';
import { examineTrust } from './trust.ts';

const parsed = ({ certificate }: { readonly certificate: string }) => parseCertificate(certificate);

const run = promisify(execFile);
const DAY_MS = 86_400_000;
const start = new Date('2026-01-01T00:00:00Z');
const day = (days: number): Date => new Date(start.getTime() + days * DAY_MS);

describe('a client that trusts some authorities', () => {
  let authority: Authority;
  let stranger: Authority;
  let leaf: string;
  before(async () => {
    authority = await createAuthority({ commonName: 'ours', notBefore: start, days: 1000 });
    stranger = await createAuthority({ commonName: 'stranger', notBefore: start, days: 3650 });
    const request = { commonName: 'gate', dnsNames: ['gate.a.svc'], ipAddresses: ['10.0.0.1'], days: 90 };
    ({ certificate: leaf } = await authority.issueServing({ ...request, notBefore: start }));
  });

  const codesOf = (
    trust: string | undefined,
    at: Date,
    { serverName = 'gate.a.svc', chain = [leaf] }: { serverName?: string; chain?: readonly string[] } = {},
  ): readonly string[] => {
    const served = { subject: 'gate', chain: chain.map(parseCertificate) };
    return examineTrust({ subject: 'webhook', trust, serverName, served }, at).map(({ code }) => code);
  };

  it('accepts a valid chain', () => {
    assert.deepEqual(codesOf(authority.certificate, day(1)), []);
    assert.deepEqual(codesOf(`${stranger.certificate}${authority.certificate}`, day(59)), []);
    assert.deepEqual(codesOf(authority.certificate, day(1), { serverName: '10.0.0.1' }), []);
  });

  it('reports a CA that is missing, unreadable, or of another gate', () => {
    assert.deepEqual(codesOf(undefined, day(1)), ['CA_MISSING']);
    assert.deepEqual(codesOf(' \n', day(1)), ['CA_MISSING']);
    assert.deepEqual(codesOf('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', day(1)), [
      'CA_UNREADABLE',
    ]);
    assert.deepEqual(codesOf(stranger.certificate, day(1)), ['CA_MISMATCH']);
  });

  it('does not accept a CA with the same name and another key', async () => {
    const twin = await createAuthority({ commonName: 'ours', notBefore: start, days: 1000 });
    assert.deepEqual(codesOf(twin.certificate, day(1)), ['CA_MISMATCH']);
  });

  it('reports a leaf that has ended, ends soon, or is not valid yet', () => {
    assert.deepEqual(codesOf(authority.certificate, day(91)), ['CERTIFICATE_EXPIRED']);
    assert.deepEqual(codesOf(authority.certificate, day(61)), ['CERTIFICATE_EXPIRING']);
    assert.deepEqual(codesOf(authority.certificate, day(-1)), ['CERTIFICATE_NOT_YET_VALID']);
  });

  it('ignores the common name of the leaf', () => {
    for (const serverName of ['gate', 'gate.b.svc', '10.0.0.2'])
      assert.deepEqual(codesOf(authority.certificate, day(1), { serverName }), ['CERTIFICATE_NAME_MISSING']);
  });

  it('X12 a name that is missing has a remedy with all names, also for a common name only', async () => {
    const chain = [await makeOdd({ name: 'gate.a.svc', extensions: LEAF })].map(parsed);
    const trusting = { subject: 'webhook', trust: undefined, serverName: 'gate.a.svc' };
    const only = examineTrust({ ...trusting, served: { subject: 'gate', chain } }, new Date());
    const missing = only.find(({ code }) => code === 'CERTIFICATE_NAME_MISSING') ?? assert.fail();
    assert.match(missing.what, /^it has no subject alternative name; the API server calls it gate\.a\.svc, /);
    assert.match(renderRemedy(missing.remedy), /certificate rotate --host-names gate\.a\.svc, or run/);
    const served = { subject: 'gate', chain: [parseCertificate(leaf)] };
    const [other] = examineTrust(
      { ...trusting, trust: authority.certificate, serverName: 'b.svc', served },
      day(1),
    );
    assert.match(renderRemedy(other?.remedy ?? []), / --host-names gate\.a\.svc,10\.0\.0\.1,b\.svc, or run/);
  });

  it('reports a CA that has ended or ends soon, unless another CA of the bundle has signed the leaf', async () => {
    const short = await createAuthority({ commonName: 'short', notBefore: start, days: 100 });
    const request = { commonName: 'g', dnsNames: ['gate.a.svc'], ipAddresses: [], notBefore: start };
    const { certificate } = await short.issueServing({ ...request, days: 100 });
    const chain = [certificate];
    assert.deepEqual(codesOf(short.certificate, day(101), { chain }), ['CA_EXPIRED', 'CERTIFICATE_EXPIRED']);
    assert.deepEqual(codesOf(short.certificate, day(70), { chain }), ['CA_EXPIRING', 'CERTIFICATE_EXPIRING']);
    assert.deepEqual(codesOf(`${short.certificate}${authority.certificate}`, day(101), { chain: [leaf] }), [
      'CERTIFICATE_EXPIRED',
    ]);
  });

  it('accepts a chain with an intermediate certificate', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chain-'));
    const at = (name: string): string => join(folder, name);
    try {
      await run('sh', [
        '-c',
        `cd ${folder} &&
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.crt -subj /CN=root -days 3650 2>/dev/null &&
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout between.key -out between.csr -subj /CN=between 2>/dev/null &&
        printf 'basicConstraints=critical,CA:TRUE' > ca.ext &&
        openssl x509 -req -in between.csr -CA root.crt -CAkey root.key -CAcreateserial -extfile ca.ext -days 3000 -out between.crt 2>/dev/null &&
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf 2>/dev/null &&
        printf 'subjectAltName=DNS:gate.a.svc' > leaf.ext &&
        openssl x509 -req -in leaf.csr -CA between.crt -CAkey between.key -CAcreateserial -extfile leaf.ext -days 90 -out leaf.crt 2>/dev/null &&
        openssl x509 -req -sha1 -in leaf.csr -CA root.crt -CAkey root.key -CAcreateserial -extfile leaf.ext -days 90 -out weak.crt 2>/dev/null &&
        for name in plain twin; do
          openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.crt -subj /CN=plain -days 3650 -addext subjectKeyIdentifier=none -addext authorityKeyIdentifier=none 2>/dev/null || exit 1
        done &&
        printf 'subjectAltName=DNS:gate.a.svc\\nsubjectKeyIdentifier=none\\nauthorityKeyIdentifier=none\\n' > plain.ext &&
        openssl x509 -req -in leaf.csr -CA plain.crt -CAkey plain.key -CAcreateserial -extfile plain.ext -days 90 -out unmarked.crt 2>/dev/null`,
      ]);
      const names = ['root', 'between', 'leaf', 'weak', 'plain', 'twin', 'unmarked'];
      const [root = '', between = '', last = '', weak = '', plain = '', twin = '', unmarked = ''] =
        await Promise.all(names.map((name) => readFile(at(`${name}.crt`), 'utf8')));
      const today = new Date();
      assert.deepEqual(codesOf(root, today, { chain: [last, between] }), []);
      assert.deepEqual(codesOf(root, today, { chain: [last] }), ['CA_MISMATCH']);
      assert.deepEqual(codesOf(root, today, { chain: [weak] }), ['CERTIFICATE_WEAK']);
      // Without key identifiers only the signature distinguishes two authorities of one name.
      assert.deepEqual(codesOf(plain, today, { chain: [unmarked] }), []);
      assert.deepEqual(codesOf(twin, today, { chain: [unmarked] }), ['CA_MISMATCH']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('checks the CA alone if the served certificate is unknown', () => {
    const trusting = { subject: 'webhook', serverName: 'gate.a.svc', served: undefined };
    const codes = (trust: string, at: Date): readonly string[] =>
      examineTrust({ ...trusting, trust }, at).map(({ code }) => code);
    assert.deepEqual(codes(stranger.certificate, day(1)), []);
    assert.deepEqual(codes(authority.certificate, day(1001)), ['CA_EXPIRED']);
  });
});
