import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { access, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { askImages, look, send } from './ask.ts';
import { certificates, CLIENT_NAME } from './certificates.ts';
import { runCommandLine, type GateProcess } from './gate-process.ts';
import { sharedGates } from './shared-gates.ts';

const GOOD = 'nginx:1.27.3';

async function pairFlags(): Promise<string[]> {
  const { certificateFile, keyFile } = await certificates;
  return [`--cert=${certificateFile}`, `--key=${keyFile}`];
}

/** The certificate that a gate presents, by any signer. */
async function shownBy({ port }: Pick<GateProcess, 'port'>, host = '127.0.0.1'): Promise<X509Certificate> {
  // The test reads the certificate and does not verify it.
  const socket = connect({ port, host, servername: 'localhost', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  assert.ok(certificate);
  return certificate;
}

describe('an option of serve about certificates', { concurrency: 4 }, () => {
  const gates = sharedGates();
  after(() => gates[Symbol.asyncDispose]());
  const secure = gates.share(async () => {
    const { certificateFile, keyFile } = await certificates;
    return ['-c', certificateFile, '-k', keyFile, '-p', '0'];
  });
  const mutual = gates.share(async () => [
    ...(await pairFlags()),
    `--client-ca=${(await certificates).clientAuthorityFile}`,
  ]);
  const named = gates.share(async () => [
    ...(await pairFlags()),
    `--client-ca=${(await certificates).clientAuthorityFile}`,
    `--client-name=${CLIENT_NAME}, other-name`,
    '--bind=127.0.0.2',
  ]);
  const stateFolder = makeTemporaryFolder('state');
  const selfSigned = gates.share(async () => [
    '--self-signed',
    `--state-dir=${(await stateFolder).path}/a/b`,
  ]);

  const home = makeTemporaryFolder('home');
  const usual = gates.share(
    () => ['--self-signed', '--host-names=gate.example, 10.1.2.3'],
    async () => ({ variables: { HOME: (await home).path } }),
  );

  it('flip: --cert, and -c for short, is the certificate that the gate presents', async () => {
    const { certificateFile, authority: ca } = await certificates;
    const gate = await secure();
    assert.equal(gate.scheme, 'https');
    const expected = new X509Certificate(await readFile(certificateFile));
    assert.equal((await shownBy(gate)).fingerprint256, expected.fingerprint256);
    assert.equal((await shownBy(await mutual())).fingerprint256, expected.fingerprint256);
    assert.equal((await askImages(gate, [GOOD], { ca })).allowed, true);
    assert.notEqual((await shownBy(await selfSigned())).fingerprint256, expected.fingerprint256);
  });

  it('flip: --key, and -k for short, must be the key of the certificate', async () => {
    const { certificateFile, otherKeyFile } = await certificates;
    const { code, stderr } = await runCommandLine([
      '-p',
      '0',
      '-c',
      certificateFile,
      `--key=${otherKeyFile}`,
    ]);
    assert.equal(code, 2);
    assert.equal(
      stderr,
      `error: --key: ${otherKeyFile}: the private key does not belong to the certificate\n`,
    );
  });

  it('flip: --client-ca refuses a client without a certificate of that authority', async () => {
    const { authority: ca, clients } = await certificates;
    const gate = await mutual();
    for (const client of [clients.apiServer, clients.colleague])
      assert.equal((await askImages(gate, [GOOD], { ca, ...client })).allowed, true);
    await assert.rejects(askImages(gate, [GOOD], { ca }), { code: 'ECONNRESET' });
    await assert.rejects(askImages(gate, [GOOD], { ca, ...clients.impostor }), { code: 'ECONNRESET' });
    assert.equal((await askImages(await secure(), [GOOD], { ca })).allowed, true);
  });

  it('flip: --client-name refuses a client of the right CA with another name', async () => {
    const { authority: ca, clients } = await certificates;
    const connection = { ca, host: '127.0.0.2' };
    const refused = await send(await named(), '/image_policy', {}, { ...connection, ...clients.colleague });
    assert.equal(refused.status, 403);
    assert.match(refused.body, /CLIENT_NOT_ALLOWED/);
    assert.equal(
      (await askImages(await named(), [GOOD], { ...connection, ...clients.apiServer })).allowed,
      true,
    );
    assert.equal((await send(await mutual(), '/image_policy', {}, { ca, ...clients.colleague })).status, 200);
  });

  it('flip: --bind is the address to listen on; the default is every address', async () => {
    const { authority: ca, clients } = await certificates;
    for (const host of ['127.0.0.1', '127.0.0.2'])
      assert.equal((await askImages(await secure(), [GOOD], { ca, host })).allowed, true);
    const bound = await named();
    const connection = { ca, ...clients.apiServer };
    assert.equal((await askImages(bound, [GOOD], { ...connection, host: '127.0.0.2' })).allowed, true);
    assert.equal((await look(bound, '/livez', '127.0.0.2')).status, 200);
    await assert.rejects(askImages(bound, [GOOD], connection), { code: 'ECONNREFUSED' });
    await assert.rejects(look(bound, '/livez'), { code: 'ECONNREFUSED' });
  });

  it('flip: --self-signed serves HTTPS with a certificate that it makes, and logs the path of its CA', async () => {
    const gate = await selfSigned();
    assert.equal(gate.scheme, 'https');
    const [, file = ''] = await gate.printed(/CA certificate ([^;]+);/);
    assert.equal((await askImages(gate, [GOOD], { ca: await readFile(file, 'utf8') })).allowed, true);
  });

  it('flip: --state-dir is the folder for the files of --self-signed', async () => {
    await selfSigned();
    const files = await readdir(join((await stateFolder).path, 'a', 'b'));
    assert.deepEqual(files.toSorted(), ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
    await usual();
    await access(join((await home).path, '.local', 'state', 'kube-image-bouncer', 'ca.crt'));
  });

  it('flip: --host-names are the names of the self-signed certificate', async () => {
    const [chosen, standard] = [await shownBy(await usual()), await shownBy(await selfSigned())];
    assert.equal(chosen.subjectAltName, 'DNS:gate.example, IP Address:10.1.2.3');
    for (const name of ['localhost', 'image-bouncer-webhook.default.svc']) {
      assert.equal(chosen.checkHost(name, { subject: 'never' }), undefined);
      assert.equal(standard.checkHost(name, { subject: 'never' }), name);
    }
  });
});
