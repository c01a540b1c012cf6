import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { AUTHORITY, extension, LEAF, makeOdd, type OddCertificate } from '#test/odd-certificates.ts';
import { ask, createTestRecorder, issueServing, keys, startGate } from '#test/review-server.ts';
import { loadAuthority } from '../certificate/authority.ts';

const { constraints, usage, extended, loopback } = extension;
const TURNED_AWAY = { code: /ALERT|ECONNRESET|EPIPE/ };

const root = await makeOdd({ name: 'root', extensions: AUTHORITY });
const between = await makeOdd({ name: 'between', issuer: root, extensions: AUTHORITY });

function clientOf(issuer: OddCertificate, extensions = LEAF): Promise<OddCertificate> {
  return makeOdd({ name: 'kube-apiserver', issuer, extensions });
}

function as({ certificate, key }: Pick<OddCertificate, 'certificate' | 'key'>) {
  return { cert: certificate, key };
}

/** What a gate that trusts some authorities says to a client: `admitted`, or why it is turned away. */
async function answerTo(client: OddCertificate | undefined, ...authorities: readonly OddCertificate[]) {
  const { recorder, refusedClients } = createTestRecorder();
  const clientAuthority = authorities.map(({ certificate }) => certificate).join('');
  await using gate = await startGate({ tls: { ...keys.serving, clientAuthority }, recorder });
  const answer = await ask(gate, client && as(client)).catch((error: unknown) => error);
  if (!(answer instanceof Error)) return 'admitted';
  await assert.rejects(Promise.reject(answer), TURNED_AWAY);
  return refusedClients.at(-1) ?? assert.fail('nothing was recorded');
}

describe('X01 a gate with --client-ca', { timeout: 20_000 }, () => {
  it('turns away a client whose certificate is for another use, and names the extension', async () => {
    const cases = [
      [[extended('serverAuth'), loopback()], /^its extended key usage is serverAuth, without clientAuth$/],
      [[extended('any')], /^its extended key usage is anyExtendedKeyUsage, without clientAuth$/],
      [[usage('keyEncipherment')], /^its key usage is key encipherment, without digital signature$/],
    ] as const;
    for (const [extensions, problem] of cases) {
      const answer = await answerTo(await clientOf(root, extensions), root);
      assert.ok(answer !== 'admitted');
      const { reason, openssl, subject, issuer, address } = answer;
      assert.deepEqual(
        { reason, openssl, subject, issuer, address },
        {
          reason: 'use',
          openssl: 'INVALID_PURPOSE',
          subject: 'CN=kube-apiserver',
          issuer: 'CN=root',
          address: '127.0.0.1',
        },
      );
      assert.match(answer.problem, problem);
    }
  });

  it('admits a client without any extension, or with clientAuth', async () => {
    for (const extensions of [[], LEAF, [...LEAF, extended('clientAuth', 'serverAuth')]])
      assert.equal(await answerTo(await clientOf(root, extensions), root), 'admitted');
  });

  it('turns away a client of another issuer, with an ended certificate, or without one', async () => {
    const stranger = await makeOdd({ name: 'stranger', extensions: AUTHORITY });
    const twin = await makeOdd({ name: 'root', extensions: AUTHORITY });
    const ended = await makeOdd({ name: 'c', issuer: root, extensions: LEAF, endsInDays: -1 });
    const other = await clientOf(stranger, [extended('serverAuth')]);
    const cases = [
      [await clientOf(stranger), 'issuer', /^--client-ca holds no CA that signed it$/],
      [await clientOf(twin), 'issuer', /^--client-ca holds no CA that signed it$/],
      [ended, 'validity', /^it is valid from .* to /],
      [other, 'use', /^its extended key usage .*; --client-ca holds no CA that signed it$/],
      [undefined, 'missing', /^the client sent no certificate$/],
    ] as const;
    for (const [client, reason, problem] of cases) {
      const answer = await answerTo(client, root);
      assert.ok(answer !== 'admitted');
      assert.equal(answer.reason, reason);
      assert.match(answer.problem, problem);
    }
  });
});

/** What a gate writes to a client that sends a request, and the sessions that it offers for later connections. */
async function talk(
  port: number,
  options: ConnectionOptions,
): Promise<{ answer: string; sessions: Buffer[] }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const sessions: Buffer[] = [];
  let answer = '';
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () =>
    socket.write('GET /image_policy HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n'),
  );
  socket.on('session', (session: Buffer) => sessions.push(session));
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.on('error', () => undefined).on('close', resolve);
  await promise;
  return { answer, sessions };
}

// Node says that a client without a certificate is authorized if it resumes a session of TLS 1.3.
it(
  'X01 a session of a client with a certificate admits no client without one',
  { timeout: 20_000 },
  async () => {
    await using gate = await startGate({
      tls: { ...keys.serving, clientAuthority: root.certificate },
    });
    const client = as(await clientOf(root));
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      const versions = { minVersion: version, maxVersion: version };
      const { answer, sessions } = await talk(gate.port, { ...versions, ...client });
      assert.match(answer, /^HTTP/);
      assert.ok(sessions.length > 0, 'the client got no session to try');
      for (const session of sessions)
        assert.equal((await talk(gate.port, { ...versions, session })).answer, '', version);
    }
  },
);

describe('XH1 an intermediate CA in --client-ca', { timeout: 20_000 }, () => {
  it('is trusted without its root, with it, and although its root has ended', async () => {
    const ended = await makeOdd({ name: 'ended', extensions: AUTHORITY, endsInDays: -1 });
    const below = await makeOdd({ name: 'below', issuer: ended, extensions: AUTHORITY });
    assert.equal(await answerTo(await clientOf(between), between), 'admitted');
    assert.equal(await answerTo(await clientOf(between), between, root), 'admitted');
    assert.equal(await answerTo(await clientOf(below), below, ended), 'admitted');
  });

  it('trusts what it signed, and not what its root signed', async () => {
    assert.notEqual(await answerTo(await clientOf(root), between), 'admitted');
    assert.notEqual(await answerTo(await clientOf(between), root), 'admitted', 'it was not sent');
  });

  it('admits the pair that `certificate create --ca-cert` makes with it', async () => {
    const authority = await loadAuthority(between);
    const pair = await authority.issueClient({
      commonName: 'kube-apiserver',
      notBefore: new Date(0),
      days: 36500,
    });
    assert.equal(await answerTo({ ...between, ...pair }, between), 'admitted');
  });

  it('is trusted after a reload of the CA or of the certificate', async () => {
    const tls = { ...keys.serving, clientAuthority: root.certificate };
    await using gate = await startGate({ tls });
    const client = as(await clientOf(between));
    await assert.rejects(ask(gate, client), TURNED_AWAY);
    gate.replaceClientAuthority(between.certificate);
    assert.equal((await ask(gate, client)).status, 200);
    gate.replaceCertificate(await issueServing(keys.authority));
    assert.equal((await ask(gate, client)).status, 200);
  });
});

describe('XH1 a CA file that would let no client in', { timeout: 20_000 }, () => {
  const useless = async () => {
    const leaf = await clientOf(root, [...LEAF, extended('clientAuth')]);
    const no = await makeOdd({ name: 'no', extensions: [constraints(false)] });
    const unsigned = await makeOdd({
      name: 'unsigned',
      extensions: [constraints(true), usage('digitalSignature')],
    });
    const forServers = await makeOdd({ name: 'servers', extensions: [...AUTHORITY, extended('serverAuth')] });
    const ended = await makeOdd({ name: 'ended', extensions: AUTHORITY, endsInDays: -1 });
    return [
      ['NOT_AN_AUTHORITY', leaf.certificate],
      ['NOT_AN_AUTHORITY', no.certificate],
      ['NOT_AN_AUTHORITY', unsigned.certificate + forServers.certificate],
      ['AUTHORITY_EXPIRED', ended.certificate],
      ['AUTHORITY_EXPIRED', ended.certificate + leaf.certificate],
      ['CERTIFICATE_UNREADABLE', ''],
    ] as const;
  };

  it('never replaces one that does', async () => {
    await using gate = await startGate({ tls: { ...keys.serving, clientAuthority: root.certificate } });
    const client = as(await clientOf(root));
    for (const [code, pem] of await useless()) {
      assert.throws(() => gate.replaceClientAuthority(pem), { code });
      assert.equal((await ask(gate, client)).status, 200, code);
    }
  });

  it('does not start a gate, unless it has only ended: then the gate is not ready', async () => {
    for (const [code, clientAuthority] of await useless()) {
      const start = startGate({ tls: { ...keys.serving, clientAuthority } });
      if (code !== 'AUTHORITY_EXPIRED') {
        await assert.rejects(start, { code });
        continue;
      }
      await using gate = await start;
      assert.match(
        gate.checks.certificate?.() ?? '',
        /^no CA of clients is valid now, .*CN=ended is valid from/,
      );
      gate.replaceClientAuthority(root.certificate);
      assert.equal(gate.checks.certificate?.(), undefined);
    }
  });

  it('does not trust a leaf in it, even for itself', async () => {
    const leaf = await clientOf(between, [...LEAF, extended('clientAuth')]);
    assert.notEqual(await answerTo(leaf, root, leaf), 'admitted');
  });

  it('names what it ignores in a file of which a part is of use', async () => {
    const no = await makeOdd({ name: 'no', extensions: [constraints(false)] });
    const clientAuthority = root.certificate + no.certificate;
    await using gate = await startGate({ tls: { ...keys.serving, clientAuthority } });
    assert.deepEqual(gate.ignoredClientAuthorities, [
      'CN=no: its basic constraints are CA:FALSE, so it may sign no certificate',
    ]);
  });
});

describe('XH10 a serving certificate', { timeout: 20_000 }, () => {
  it('without names or for clients only never replaces a good one', async () => {
    await using gate = await startGate();
    const before = gate.certificate?.fingerprint256;
    const nameless = await makeOdd({ name: 'gate', issuer: root, extensions: LEAF });
    const forClients = await makeOdd({
      name: 'gate',
      issuer: root,
      extensions: [loopback(), extended('clientAuth')],
    });
    const cases = [
      [nameless, /it has no subject alternative name/],
      [forClients, /its extended key usage is clientAuth, without serverAuth/],
    ] as const;
    for (const [pair, message] of cases)
      assert.throws(() => gate.replaceCertificate(pair), { code: 'CERTIFICATE_NOT_FOR_SERVING', message });
    assert.equal(gate.certificate?.fingerprint256, before);
  });

  it('without names replaces another one without names', async () => {
    const [first, second] = [await clientOf(root), await clientOf(root)];
    await using gate = await startGate({ tls: first });
    gate.replaceCertificate(second);
    assert.equal((await ask(gate, { rejectUnauthorized: false })).status, 200);
  });
});
