import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { createAuthority, type KeyPair } from '../certificate/authority.ts';
import {
  ask,
  createKeys,
  createTestRecorder,
  issueClient,
  issueServing,
  keepAliveAgent,
  keys,
  open,
  openPlain,
  rawReview,
  readToEnd,
  startGate,
} from '#test/review-server.ts';

const { authority, serving } = keys;
const apiServer = await issueClient(authority, 'kube-apiserver');
const stranger = await issueClient(authority, 'system:node:a');

function as({ certificate, key }: KeyPair) {
  return { cert: certificate, key };
}

describe('a client certificate', { timeout: 20_000 }, () => {
  it('is not requested without a client authority', async () => {
    await using gate = await startGate();
    assert.equal((await ask(gate)).status, 200);
  });

  it('E14 is required with one, and must be of that authority', async () => {
    await using gate = await startGate({ tls: { ...serving, clientAuthority: authority.certificate } });
    assert.equal((await ask(gate, as(apiServer))).status, 200);
    assert.equal((await ask(gate, as(stranger))).status, 200);
    await assert.rejects(ask(gate), { code: /ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED|ECONNRESET|EPIPE/ });
    const other = await createAuthority({
      commonName: 'other',
      notBefore: new Date(Date.now() - 60_000),
      days: 1,
    });
    const forged = await issueClient(other, 'kube-apiserver');
    await assert.rejects(ask(gate, as(forged)), { code: /ALERT|ECONNRESET|EPIPE/ });
    await assert.rejects(
      ask(gate, as(serving)),
      { code: /ALERT|ECONNRESET|EPIPE/ },
      'no serving certificate either',
    );
  });

  it('E15 must have one of the allowed names, if there are any: otherwise 403, and the connection closes', async () => {
    const { recorder, rejections, records } = createTestRecorder();
    const tls = {
      ...serving,
      clientAuthority: authority.certificate,
      clientNames: ['front-proxy', 'kube-apiserver'],
    };
    await using gate = await startGate({ tls, recorder });
    assert.equal((await ask(gate, as(apiServer))).status, 200);
    const agent = keepAliveAgent();
    const refused = await ask(gate, { ...as(stranger), agent });
    assert.deepEqual([refused.status, refused.headers.connection], [403, 'close']);
    assert.equal(JSON.parse(refused.text).code, 'CLIENT_NOT_ALLOWED');
    assert.deepEqual([rejections, records.length], [['CLIENT_NOT_ALLOWED'], 1]);
    agent.destroy();
  });

  it('may have the name as a DNS name', async () => {
    const both = await issueServing(authority);
    const tls = { ...serving, clientAuthority: authority.certificate, clientNames: ['localhost'] };
    await using gate = await startGate({ tls });
    // The authority of the tests puts DNS names in serving certificates only.
    await assert.rejects(ask(gate, as(both)), { code: /ALERT|ECONNRESET|EPIPE/ });
    assert.equal((await ask(gate, as(apiServer))).status, 403);
  });
});

describe('another certificate', { timeout: 20_000 }, () => {
  it('is used for new connections; open ones continue, and client certificates are requested as before', async () => {
    const tls = { ...serving, clientAuthority: authority.certificate, clientNames: ['kube-apiserver'] };
    await using gate = await startGate({ tls });
    const agent = keepAliveAgent();
    assert.equal((await ask(gate, { ...as(apiServer), agent })).status, 200);
    const renewed = await issueServing(authority, 60);
    const serialOf = async () => {
      const socket = await open(gate, as(apiServer));
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const before = await serialOf();
    const expiry = gate.certificate?.validToDate;
    gate.replaceCertificate(renewed);
    assert.notEqual(await serialOf(), before);
    assert.ok(
      expiry !== undefined &&
        gate.certificate?.validToDate !== undefined &&
        gate.certificate?.validToDate > expiry,
    );
    assert.equal((await ask(gate, { ...as(apiServer), agent })).status, 200, 'on the old connection');
    assert.equal((await ask(gate, as(apiServer))).status, 200);
    assert.equal((await ask(gate, as(stranger))).status, 403);
    await assert.rejects(ask(gate), { code: /CERTIFICATE_REQUIRED|ECONNRESET|EPIPE/ });
    agent.destroy();
  });

  it('that does not match its key leaves the old one active', async () => {
    await using gate = await startGate();
    assert.throws(() => gate.replaceCertificate({ ...serving, key: apiServer.key }), {
      code: 'KEY_MISMATCH',
    });
    assert.throws(() => gate.replaceCertificate({ ...serving, certificate: '' }), {
      code: 'CERTIFICATE_UNREADABLE',
    });
    assert.equal((await ask(gate)).status, 200);
  });

  it('R11 that is written in part leaves the old one active; so does a client authority', async () => {
    const tls = { ...serving, clientAuthority: authority.certificate };
    await using gate = await startGate({ tls });
    const renewed = await issueServing(authority);
    for (const certificate of ['', renewed.certificate.slice(0, 300), 'x'.repeat(2000)])
      assert.throws(() => gate.replaceCertificate({ ...renewed, certificate }), {
        code: /CERTIFICATE_UNREADABLE/,
      });
    for (const key of ['', renewed.key.slice(0, 60)])
      assert.throws(() => gate.replaceCertificate({ ...renewed, key }), { code: 'KEY_UNREADABLE' });
    for (const clients of [
      '',
      authority.certificate.slice(0, 300),
      authority.certificate + serving.certificate.slice(0, 300),
    ])
      assert.throws(() => gate.replaceClientAuthority(clients), { code: 'CERTIFICATE_UNREADABLE' });
    assert.equal((await ask(gate, as(apiServer))).status, 200);
  });

  it('R11 that is not valid now does not replace one that is', async () => {
    await using gate = await startGate();
    const expires = gate.certificate?.validToDate;
    const validity = { notBefore: new Date(Date.now() - 3 * 86_400_000), days: 1 };
    const names = { commonName: 'gate', dnsNames: ['localhost'], ipAddresses: [] };
    const expired = await authority.issueServing({ ...names, ...validity });
    const later = await authority.issueServing({
      ...names,
      notBefore: new Date(Date.now() + 86_400_000),
      days: 1,
    });
    for (const pair of [expired, later])
      assert.throws(() => gate.replaceCertificate(pair), { code: 'CERTIFICATE_NOT_CURRENT' });
    assert.deepEqual([gate.certificate?.validToDate, gate.checks.certificate?.()], [expires, undefined]);
  });

  it('R11 makes the gate unready when it has expired, and not earlier', async () => {
    let today = new Date();
    await using gate = await startGate({ today: () => today });
    today = gate.certificate?.validToDate ?? today;
    assert.equal(gate.checks.certificate?.(), undefined);
    today = new Date(today.getTime() + 1000);
    assert.match(gate.checks.certificate?.() ?? '', /^valid from .* to /);
    gate.replaceCertificate(await issueServing(authority, 90));
    assert.equal(gate.checks.certificate?.(), undefined);
  });
});

describe('another client authority', { timeout: 20_000 }, () => {
  it('E14 applies to new connections immediately; open ones close after their next response', async () => {
    const next = await createAuthority({
      commonName: 'next',
      notBefore: new Date(Date.now() - 60_000),
      days: 1,
    });
    const successor = await issueClient(next, 'kube-apiserver');
    await using gate = await startGate({ tls: { ...serving, clientAuthority: authority.certificate } });
    const agent = keepAliveAgent();
    assert.equal((await ask(gate, { ...as(apiServer), agent })).headers.connection, 'keep-alive');
    await assert.rejects(ask(gate, as(successor)));
    gate.replaceClientAuthority(authority.certificate + next.certificate);
    for (const client of [apiServer, successor]) assert.equal((await ask(gate, as(client))).status, 200);
    assert.equal((await ask(gate, { ...as(apiServer), agent })).headers.connection, 'close');
    assert.equal((await ask(gate, { ...as(apiServer), agent })).headers.connection, 'keep-alive');
    gate.replaceClientAuthority(next.certificate);
    assert.equal((await ask(gate, as(successor))).status, 200);
    await assert.rejects(ask(gate, as(apiServer)));
    agent.destroy();
  });

  it('E14 applies to a connection that is accepted before and completes its handshake after it: it gets one response', async () => {
    const next = await createKeys();
    await using gate = await startGate({ tls: { ...serving, clientAuthority: authority.certificate } });
    const tcp = await openPlain(gate);
    // The gate has accepted it when it has served a later connection.
    await ask(gate, as(apiServer));
    gate.replaceClientAuthority(next.authority.certificate);
    const late = await open(gate, { ...as(apiServer), socket: tcp });
    const answers = readToEnd(late);
    late.write(rawReview('u-1'));
    await once(late, 'data');
    late.write(rawReview('u-2'));
    assert.match(
      await answers,
      /^HTTP\/1\.1 200 [^]*\r\nconnection: close\r\n[^]*"u-1","outcome":"admitted"\}$/i,
    );
    await assert.rejects(ask(gate, as(apiServer)));
  });

  it('stays when the certificate is replaced, and the other way round', async () => {
    await using gate = await startGate({ tls: { ...serving, clientAuthority: authority.certificate } });
    gate.replaceCertificate(await issueServing(authority, 60));
    const expiry = gate.certificate?.validToDate;
    gate.replaceClientAuthority(authority.certificate);
    assert.equal(gate.certificate?.validToDate, expiry);
    assert.equal((await ask(gate, as(apiServer))).status, 200);
    await assert.rejects(ask(gate));
  });

  it('cannot be set if client certificates are not requested', async () => {
    await using gate = await startGate();
    assert.throws(() => gate.replaceClientAuthority(authority.certificate), TypeError);
  });
});
