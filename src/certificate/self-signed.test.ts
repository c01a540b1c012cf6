import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCertificate, verifyKeyPair } from './inspect.ts';
import { ensureSelfSigned, type SelfSignedOptions } from './self-signed.ts';

const DAY_MS = 86_400_000;
const start = new Date('2026-01-01T00:00:00Z');

describe('a self-signed certificate', () => {
  let parent: string;
  let options: SelfSignedOptions;
  const at = (days: number): SelfSignedOptions => ({
    ...options,
    now: () => new Date(start.getTime() + days * DAY_MS),
  });
  const read = (name: string) => readFile(join(options.folder, name), 'utf8');
  const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'self-signed-'));
    options = { folder: join(parent, 'a', 'state'), names: ['localhost', '127.0.0.1'], now: () => start };
  });
  afterEach(() => rm(parent, { recursive: true }));

  it('is created at the first start, readable by its owner only', async () => {
    const made = await ensureSelfSigned(options);
    assert.equal(made.created, true);
    const leaf = verifyKeyPair({ certificate: await read('tls.crt'), key: await read('tls.key') });
    assert.ok(leaf.checkIssued(parseCertificate(await readFile(made.authorityFile, 'utf8'))));
    assert.deepEqual(made.pair, { certificate: await read('tls.crt'), key: await read('tls.key') });
    assert.ok(leaf.checkHost('localhost'));
    assert.ok(leaf.checkIP('127.0.0.1'));
    assert.equal(await mode(options.folder), '700');
    assert.deepEqual((await readdir(options.folder)).toSorted(), ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
    for (const name of await readdir(options.folder))
      assert.equal(await mode(join(options.folder, name)), '600', name);
  });

  it('is reused until two thirds of its life are over', async () => {
    await ensureSelfSigned(options);
    const before = await read('tls.crt');
    assert.equal((await ensureSelfSigned(at(59))).created, false);
    assert.equal(await read('tls.crt'), before);
    assert.equal((await ensureSelfSigned(at(61))).created, false);
    assert.notEqual(await read('tls.crt'), before);
  });

  it('is renewed under the same authority when it has expired or lacks a name', async () => {
    await ensureSelfSigned(options);
    const [authority, first] = [await read('ca.crt'), await read('tls.crt')];
    await ensureSelfSigned(at(200));
    const second = await read('tls.crt');
    assert.notEqual(second, first);
    await ensureSelfSigned({ ...at(200), names: ['localhost', '::1'] });
    assert.notEqual(await read('tls.crt'), second);
    assert.ok(parseCertificate(await read('tls.crt')).checkIP('::1'));
    assert.equal(await read('ca.crt'), authority);
  });

  it('is renewed if it does not match its key after a crash, or if another authority signed it', async () => {
    await ensureSelfSigned(options);
    const strangers = join(parent, 'strangers');
    await ensureSelfSigned({ ...options, folder: strangers });
    for (const names of [['tls.key'], ['tls.crt', 'tls.key']]) {
      for (const name of names) {
        await writeFile(join(options.folder, name), await readFile(join(strangers, name)));
      }
      await ensureSelfSigned(options);
      const leaf = verifyKeyPair({ certificate: await read('tls.crt'), key: await read('tls.key') });
      assert.ok(leaf.verify(parseCertificate(await read('ca.crt')).publicKey));
    }
  });

  it('is valid as long as the options say', async () => {
    await ensureSelfSigned({ ...options, authorityDays: 20, servingDays: 6 });
    const lifeDays = async (name: string) => {
      const { validFromDate, validToDate } = parseCertificate(await read(name));
      return (validToDate.getTime() - validFromDate.getTime()) / DAY_MS;
    };
    assert.deepEqual([await lifeDays('ca.crt'), await lifeDays('tls.crt')], [20, 6]);
  });

  it('never replaces an authority: one that is unreadable, incomplete, mismatched or expired is an error', async () => {
    await ensureSelfSigned(options);
    const key = await read('ca.key');
    const keyFile = join(options.folder, 'ca.key');
    const refuses = async (content: string | undefined, code: string, when = at(1)) => {
      await (content === undefined ? rm(keyFile) : writeFile(keyFile, content));
      await assert.rejects(ensureSelfSigned(when), { name: 'CertificateError', code });
      assert.equal(await read('ca.key').catch(() => undefined), content);
    };
    await refuses('not a key', 'KEY_UNREADABLE');
    await refuses(await read('tls.key'), 'KEY_MISMATCH');
    await refuses(undefined, 'AUTHORITY_INCOMPLETE');
    await refuses(key, 'AUTHORITY_EXPIRED', at(4000));
    await rm(join(options.folder, 'ca.crt'));
    await refuses(key, 'AUTHORITY_INCOMPLETE');
  });

  it('survives two first starts in one folder: one creates the key, and the other one fails', async () => {
    const results = await Promise.allSettled([ensureSelfSigned(options), ensureSelfSigned(options)]);
    const lost = results.filter((result) => result.status === 'rejected');
    assert.ok(lost.every(({ reason }) => reason.code === 'AUTHORITY_INCOMPLETE'));
    assert.equal(results.filter((result) => result.status === 'fulfilled' && result.value.created).length, 1);
    assert.equal((await ensureSelfSigned(options)).created, false);
  });

  it('survives renewals at the same moment in one folder: each process has a pair, and the files match', async () => {
    await ensureSelfSigned(options);
    for (let day = 100; day < 900; day += 100) {
      const renewals = Array.from({ length: 4 }, () =>
        sleep(Math.random() * 5).then(() => ensureSelfSigned(at(day))),
      );
      for (const { pair } of await Promise.all(renewals)) verifyKeyPair(pair);
      verifyKeyPair({ certificate: await read('tls.crt'), key: await read('tls.key') });
    }
  });

  it('reports a folder that cannot be written, and a file that cannot be read', async () => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    await assert.rejects(ensureSelfSigned({ ...options, folder: join(file, 'state') }), {
      code: 'STATE_FOLDER_UNWRITABLE',
    });
    // A folder in place of a file cannot be read, even by root.
    await assert.rejects(ensureSelfSigned({ ...options, folder: file }), { code: 'STATE_FOLDER_UNWRITABLE' });
  });
});
