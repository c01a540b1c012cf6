import assert from 'node:assert/strict';
import { chmod, chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createAuthority } from './authority.ts';
import { ensurePki, type PkiFolderOptions } from './pki-folder.ts';

const start = new Date('2026-01-01T00:00:00Z');
const NAMES = ['apiserver-client.crt', 'apiserver-client.key', 'ca.crt', 'ca.key', 'tls.crt', 'tls.key'];

describe('a folder of certificates', () => {
  let parent: string;
  let options: PkiFolderOptions;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'pki-folder-'));
    options = {
      folder: join(parent, 'pki'),
      names: ['localhost'],
      client: { commonName: 'kube-apiserver' },
      now: () => start,
    };
  });
  afterEach(() => rm(parent, { recursive: true }));

  async function snapshot(): Promise<object> {
    const names = (await readdir(options.folder)).toSorted();
    const files = names.map(async (name) => {
      const file = join(options.folder, name);
      const { mode, mtimeMs, ino } = await stat(file);
      return [name, { text: await readFile(file, 'utf8'), mode: (mode & 0o777).toString(8), mtimeMs, ino }];
    });
    return Object.fromEntries(await Promise.all(files));
  }

  it('is created with mode 0700, and a second call changes no file', async () => {
    const { written } = await ensurePki(options);
    assert.deepEqual(written.map((file) => basename(file)).toSorted(), NAMES);
    assert.equal(((await stat(options.folder)).mode & 0o777).toString(8), '700');
    const before = await snapshot();
    assert.deepEqual(Object.keys(before), NAMES);
    for (const [name, { mode }] of Object.entries(before) as [string, { mode: string }][])
      assert.equal(mode, '600', name);
    assert.deepEqual((await ensurePki(options)).written, []);
    assert.deepEqual(await snapshot(), before);
  });

  it('flip: files gives the names of the files', async () => {
    const { files } = await ensurePki({
      ...options,
      files: { certificate: 'gate.pem', authority: 'trust.pem' },
    });
    assert.equal(files.certificate, join(options.folder, 'gate.pem'));
    const names = await readdir(options.folder);
    assert.deepEqual(
      names.toSorted(),
      [...NAMES.filter((name) => !/^(ca|tls)\.crt$/.test(name)), 'gate.pem', 'trust.pem'].toSorted(),
    );
  });

  it('is completed with the missing files, and no key is overwritten', async () => {
    await ensurePki(options);
    const before = await snapshot();
    await rm(join(options.folder, 'tls.crt'));
    await rm(join(options.folder, 'apiserver-client.key'));
    const { written } = await ensurePki(options);
    assert.deepEqual(
      written.map((file) => basename(file)),
      ['tls.crt', 'apiserver-client.key', 'apiserver-client.crt'],
    );
    const after = await snapshot();
    for (const name of ['ca.crt', 'ca.key', 'tls.key'] as const)
      assert.deepEqual(Object(after)[name], Object(before)[name], name);
  });

  it('never contains the key of a given authority', async () => {
    const authority = await createAuthority({ commonName: 'company', notBefore: start, days: 30 });
    const { files } = await ensurePki({ ...options, authority });
    assert.deepEqual(
      (await readdir(options.folder)).toSorted(),
      NAMES.filter((name) => name !== 'ca.key'),
    );
    assert.equal(await readFile(files.authority, 'utf8'), authority.certificate);
    assert.deepEqual((await ensurePki({ ...options, authority })).written, []);
  });

  it('keeps a key that cannot be read; flip: replace makes another', async () => {
    await ensurePki(options);
    const file = join(options.folder, 'tls.key');
    await writeFile(file, 'half a k');
    await assert.rejects(ensurePki(options), {
      code: 'KEY_UNREADABLE',
      message: `${options.folder}: the private key is not readable PEM`,
    });
    assert.equal(await readFile(file, 'utf8'), 'half a k');
    assert.deepEqual(
      (await ensurePki({ ...options, replace: 'leaf-keys' })).written.map((name) => basename(name)),
      ['tls.key', 'tls.crt'],
    );
  });

  it('keeps owner and mode of a file that it replaces, because the gate of a node does not run as root', async () => {
    const { files } = await ensurePki(options);
    await chmod(files.key, 0o640);
    // Only root may change the owner of a file.
    const owner = process.getuid?.() === 0 ? 65_532 : process.getuid?.();
    await chown(files.key, owner ?? -1, -1);
    await ensurePki({ ...options, names: ['other.example'], replace: 'leaf-keys' });
    const { mode, uid } = await stat(files.key);
    assert.deepEqual([mode & 0o777, uid], [0o640, owner]);
  });

  it('contains no temporary files after a write that failed', async () => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    await assert.rejects(ensurePki({ ...options, folder: join(file, 'pki') }), {
      code: 'STATE_FOLDER_UNWRITABLE',
    });
    await assert.rejects(ensurePki({ ...options, names: ['no name'] }), { code: 'NAME_INVALID' });
    assert.deepEqual(await readdir(options.folder), []);
  });
});
