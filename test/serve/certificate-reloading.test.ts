import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { createAuthority, type KeyPair } from '../../src/certificate/authority.ts';
import { parseCertificate } from '../../src/certificate/inspect.ts';
import { ensurePki } from '../../src/certificate/pki-folder.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { askImages, look, metricOf } from './ask.ts';
import { startServe, type GateProcess, type LogLine } from './gate-process.ts';

const GOOD = ['nginx:1.27.3'];
const KEPT = 'certificate not loaded; the last good one stays active';
const HOUR_MS = 3_600_000;

const validity = { notBefore: new Date(Date.now() - HOUR_MS), days: 2 };
const authority = await createAuthority({ commonName: 'servers', ...validity });

function issue(notBefore = validity.notBefore, days = validity.days): Promise<KeyPair> {
  return authority.issueServing({
    commonName: 'gate',
    dnsNames: ['localhost'],
    ipAddresses: [],
    notBefore,
    days,
  });
}

/** A gate with its own files, and functions that change them. */
interface FollowingGate extends AsyncDisposable {
  readonly gate: GateProcess;
  /** Replaces the files by renaming new ones over them. */
  readonly write: (pair: Partial<KeyPair>) => Promise<void>;
}

async function startFollowing(pair: KeyPair, args: readonly string[] = []): Promise<FollowingGate> {
  const resources = new AsyncDisposableStack();
  const { path } = resources.use(await makeTemporaryFolder('certificates'));
  const files = { certificate: join(path, 'tls.crt'), key: join(path, 'tls.key') };
  const write = async ({ certificate, key }: Partial<KeyPair>): Promise<void> => {
    if (key !== undefined) await replace(files.key, key);
    if (certificate !== undefined) await replace(files.certificate, certificate);
  };
  await write(pair);
  const gate = resources.use(
    await startServe([`--cert=${files.certificate}`, `--key=${files.key}`, ...args]),
  );
  return { gate, write, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

async function shownBy({ port }: GateProcess): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  return String(certificate);
}

/** The next log line about the certificate files. */
async function next(gate: GateProcess, message: string, change: () => Promise<void>): Promise<LogLine> {
  const count = gate.lines().length;
  await change();
  return gate.lineAfter(count, message);
}

describe('certificates that change while the gate runs', { concurrency: 4 }, () => {
  it('R11 new connections get the new certificate; open connections continue', async () => {
    const [first, second] = [await issue(), await issue()];
    await using started = await startFollowing(first);
    const { gate, write } = started;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const options = { ca: authority.certificate, agent };
    assert.equal((await askImages(gate, GOOD, options)).allowed, true);
    const line = await next(gate, 'certificate loaded', () => write(second));
    assert.deepEqual([line['certificate'], line['names']], ['serving', ['localhost']]);
    assert.equal(await shownBy(gate), second.certificate);
    assert.equal((await askImages(gate, GOOD, options)).allowed, true);
    agent.destroy();
  });

  it('R11 a Secret is followed through the swap of its ..data', async () => {
    await using folder = await makeTemporaryFolder('secret');
    const at = (...parts: string[]) => join(folder.path, ...parts);
    const publish = async (version: string, pair: KeyPair): Promise<void> => {
      await mkdir(at(version));
      await writeFile(at(version, 'tls.crt'), pair.certificate);
      await writeFile(at(version, 'tls.key'), pair.key);
      await symlink(version, at('..data_tmp'));
      await rename(at('..data_tmp'), at('..data'));
    };
    await publish('..1', await issue());
    for (const name of ['tls.crt', 'tls.key']) await symlink(join('..data', name), at(name));
    await using gate = await startServe([`--cert=${at('tls.crt')}`, `--key=${at('tls.key')}`]);
    const second = await issue();
    await next(gate, 'certificate loaded', () => publish('..2', second));
    assert.equal(await shownBy(gate), second.certificate);
    const reported = gate.lines().filter(({ msg }) => msg === KEPT);
    assert.deepEqual(reported, []);
  });

  it('R11 half-written, mismatched or corrupt files change nothing, and the gate reports them until they are repaired', async () => {
    const [first, second] = [await issue(), await issue()];
    await using started = await startFollowing(first);
    const { gate, write } = started;
    assert.equal(await reloadSuccess(gate), 1);
    const broken: readonly (readonly [Partial<KeyPair>, string])[] = [
      [{ certificate: second.certificate }, 'KEY_MISMATCH'],
      [{ certificate: second.certificate.slice(0, 300) }, 'CERTIFICATE_UNREADABLE'],
      [{ certificate: first.certificate, key: first.key.slice(0, 80) }, 'KEY_UNREADABLE'],
      // The key stays as it is, because each of two writes could be reported.
      [{ certificate: '' }, 'CERTIFICATE_UNREADABLE'],
    ];
    for (const [pair, code] of broken) {
      const line = await next(gate, KEPT, () => write(pair));
      assert.deepEqual([line['certificate'], line['code']], ['serving', code]);
      assert.doesNotMatch(JSON.stringify(line), /BEGIN|PRIVATE/);
      assert.equal(await shownBy(gate), first.certificate);
      assert.equal((await askImages(gate, GOOD, { ca: authority.certificate })).allowed, true);
      assert.equal(await reloadSuccess(gate), 0);
      const { status, body } = await look(gate, '/readyz');
      assert.equal(status, 200);
      assert.match(
        body,
        /^\[\+\]certificate ok: the last good one stays active: \S+tls\.crt, \S+tls\.key: /m,
      );
    }
    await next(gate, 'certificate loaded', () => write(second));
    assert.equal(await shownBy(gate), second.certificate);
    assert.equal(await reloadSuccess(gate), 1);
    assert.match((await look(gate, '/readyz')).body, /^\[\+\]certificate ok$/m);
  });

  it('R11 an expired certificate does not replace a valid one', async () => {
    const first = await issue();
    await using started = await startFollowing(first);
    const { gate, write } = started;
    const expired = await issue(new Date(Date.now() - 100 * HOUR_MS), 1);
    const line = await next(gate, KEPT, () => write(expired));
    assert.equal(line['code'], 'CERTIFICATE_NOT_CURRENT');
    assert.equal(await shownBy(gate), first.certificate);
  });

  it('R11 readiness reports a certificate that expires soon, and fails only after it has expired', async () => {
    const soon = await issue(new Date(Date.now() - 20 * HOUR_MS), 1);
    await using nearing = await startFollowing(soon);
    assert.match(String((await nearing.gate.line('the certificate ends soon'))['expires']), /^20\d\d-/);
    const ready = await look(nearing.gate, '/readyz');
    assert.equal(ready.status, 200);
    assert.match(ready.body, /^\[\+\]certificate ok: it ends in 0 days$/m);
    const end = parseCertificate(soon.certificate).validToDate.getTime() / 1000;
    assert.equal(await metricOf(nearing.gate, 'certificate_expiry_timestamp_seconds'), end);
    await using over = await startFollowing(await issue(new Date(Date.now() - 25 * HOUR_MS), 1));
    const unready = await look(over.gate, '/readyz');
    assert.equal(unready.status, 503);
    assert.match(unready.body, /^\[-\]certificate failed: valid from /m);
  });

  it('a new client authority is used without a restart, and a broken one is ignored', async () => {
    const [old, young] = [
      await createAuthority({ commonName: 'old', ...validity }),
      await createAuthority({ commonName: 'young', ...validity }),
    ];
    const as = async (issuer: typeof old) => {
      const { certificate, key } = await issuer.issueClient({ commonName: 'kube-apiserver', ...validity });
      // A new connection for each request.
      return { ca: authority.certificate, cert: certificate, key, agent: new Agent() };
    };
    const [former, latter] = [await as(old), await as(young)];
    await using folder = await makeTemporaryFolder('clients');
    const file = join(folder.path, 'clients.crt');
    await writeFile(file, old.certificate);
    await using started = await startFollowing(await issue(), [`--client-ca=${file}`]);
    const { gate } = started;
    assert.equal((await askImages(gate, GOOD, former)).allowed, true);
    await assert.rejects(askImages(gate, GOOD, latter));
    const line = await next(gate, 'certificate loaded', () =>
      replace(file, old.certificate + young.certificate),
    );
    assert.equal(line['certificate'], 'clients');
    for (const client of [former, latter]) assert.equal((await askImages(gate, GOOD, client)).allowed, true);
    await next(gate, KEPT, () => replace(file, young.certificate.slice(0, 200)));
    assert.equal((await askImages(gate, GOOD, former)).allowed, true);
    await next(gate, 'certificate loaded', () => replace(file, young.certificate));
    assert.equal((await askImages(gate, GOOD, latter)).allowed, true);
    await assert.rejects(askImages(gate, GOOD, former));
  });

  it('a renewed pair in the state folder of --self-signed is used', async () => {
    await using folder = await makeTemporaryFolder('state');
    await using gate = await startServe(['--self-signed', `--state-dir=${folder.path}`]);
    await next(gate, 'certificate loaded', async () => {
      const options = { folder: folder.path, replace: 'leaf-keys', now: () => new Date() } as const;
      await ensurePki({ ...options, names: ['renewed.example'] });
    });
    assert.match(parseCertificate(await shownBy(gate)).subjectAltName ?? '', /renewed\.example/);
  });

  it('SIGHUP reloads the certificates as well', async () => {
    await using folder = await makeTemporaryFolder('hidden');
    const pairs = [await issue(), await issue()] as const;
    const [certificate, key] = await hide(folder, pairs[0]);
    // No watch reports the change, and no poll is due.
    const preload = 'globalThis.setInterval = () => ({ unref() { return this; } });';
    await using gate = await startServe([`--cert=${certificate}`, `--key=${key}`], { preload });
    await next(gate, 'certificate loaded', async () => {
      await writeFile(join(folder.path, 'elsewhere', 'tls.key'), pairs[1].key);
      await writeFile(join(folder.path, 'elsewhere', 'tls.crt'), pairs[1].certificate);
      await sleep(50);
      assert.equal(await shownBy(gate), pairs[0].certificate);
      gate.kill('SIGHUP');
    });
    assert.equal(await shownBy(gate), pairs[1].certificate);
  });
});

/** Links to files elsewhere, so that no watch reports their changes. */
async function hide(folder: TemporaryFolder, pair: KeyPair): Promise<readonly [string, string]> {
  const elsewhere = join(folder.path, 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'tls.crt'), pair.certificate);
  await writeFile(join(elsewhere, 'tls.key'), pair.key);
  const links = [join(folder.path, 'tls.crt'), join(folder.path, 'tls.key')] as const;
  await symlink(join(elsewhere, 'tls.crt'), links[0]);
  await symlink(join(elsewhere, 'tls.key'), links[1]);
  return links;
}

async function reloadSuccess(gate: GateProcess): Promise<number> {
  const { body } = await look(gate, '/metrics');
  const name = 'kube_image_bouncer_certificate_last_reload_success';
  return Number(new RegExp(String.raw`^${name}\{certificate="serving"\} (\d)$`, 'm').exec(body)?.[1]);
}
