import assert from 'node:assert/strict';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createAuthority } from './authority.ts';
import { folderTarget } from './folder-target.ts';
import { ensurePki, placesIn } from './pki-folder.ts';
import { replaceTexts } from './state-folder.ts';

const start = new Date('2026-01-01T00:00:00Z');
/** A name that a file can have. The file beside it, with a longer name, cannot be written. */
const LONG = `${'x'.repeat(240)}.crt`;

let folder: string;
const at = (name: string): string => join(folder, name);

/** A folder of its own for each test of a suite. Hooks outside a suite would run for the tests of all files. */
function useFolder(): void {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'state-folder-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
}

async function textsIn(path = folder): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(path);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(path, name), 'utf8')] as const)),
  );
}

describe('XH9 files that belong together', () => {
  useFolder();
  it('are all replaced, and nothing else remains', async () => {
    await writeFile(at('tls.key'), 'old key', { mode: 0o640 });
    await replaceTexts([
      { file: at('tls.key'), text: 'new key' },
      { file: at('tls.crt'), text: 'new certificate' },
    ]);
    assert.deepEqual(await textsIn(), { 'tls.key': 'new key', 'tls.crt': 'new certificate' });
    assert.equal((await stat(at('tls.key'))).mode & 0o777, 0o640);
    assert.equal((await stat(at('tls.crt'))).mode & 0o777, 0o600);
  });

  it('are all kept if one of them cannot be written beside its place', async () => {
    const before = { 'tls.key': 'old key', [LONG]: 'old certificate' };
    for (const [name, text] of Object.entries(before)) await writeFile(at(name), text);
    await assert.rejects(
      replaceTexts([
        { file: at('tls.key'), text: 'new key' },
        { file: at(LONG), text: 'new certificate' },
      ]),
      { code: 'STATE_FOLDER_UNWRITABLE', message: /ENAMETOOLONG/ },
    );
    assert.deepEqual(await textsIn(), before);
  });

  it('are put back if one of them cannot take its place; a new one is removed', async () => {
    await writeFile(at('a'), 'old');
    await assert.rejects(
      replaceTexts([
        { file: at('a'), text: 'new' },
        { file: at('b'), text: 'new' },
        { file: at('a'), text: 'newer', isNew: true },
      ]),
      { code: 'AUTHORITY_INCOMPLETE' },
    );
    assert.deepEqual(await textsIn(), { a: 'old' });
  });

  it('are a serving pair of which the certificate cannot be written: key and certificate still match', async () => {
    const options = { folder, names: ['localhost'], now: () => start };
    const { files } = await ensurePki(options);
    await writeFile(at(LONG), await readFile(files.certificate));
    const before = await textsIn();
    const renewed = {
      ...options,
      files: { certificate: LONG },
      names: ['other.example'],
      replace: 'leaf-keys',
    } as const;
    await writeFile(files.key, 'no key');
    await assert.rejects(ensurePki(renewed), { code: 'STATE_FOLDER_UNWRITABLE' });
    assert.deepEqual(await textsIn(), { ...before, 'tls.key': 'no key' });
  });

  it('are a rotated pair of which the certificate cannot be written: the old pair stays', async () => {
    const { files } = await ensurePki({ folder, names: ['localhost'], now: () => start });
    const long = at(LONG);
    await writeFile(long, await readFile(files.certificate));
    const before = await textsIn();
    const target = folderTarget({ files: { ...files, certificate: long }, now: () => start });
    const authority = await createAuthority({ commonName: 'a', notBefore: start, days: 1 });
    await assert.rejects(target.writeServing(authority), { code: 'STATE_FOLDER_UNWRITABLE' });
    assert.deepEqual(await textsIn(), before);
  });
});

describe('XH12 a certificate that is a link', () => {
  useFolder();
  it('is replaced at its real path, and the link stays', async () => {
    const { files } = await ensurePki({ folder: at('pki'), names: ['localhost'], now: () => start });
    await mkdir(at('real'));
    await writeFile(at('real/gate.crt'), await readFile(files.certificate), { mode: 0o644 });
    await rm(files.certificate);
    await symlink('../real/gate.crt', files.certificate);
    const target = folderTarget({ files: placesIn(at('pki')), now: () => start });
    const authority = await createAuthority({ commonName: 'a', notBefore: start, days: 1 });
    await target.writeServing(authority);
    assert.equal(await readlink(files.certificate), '../real/gate.crt');
    assert.ok((await lstat(files.certificate)).isSymbolicLink());
    assert.equal(await readFile(at('real/gate.crt'), 'utf8'), authority.certificate);
    assert.equal((await stat(at('real/gate.crt'))).mode & 0o777, 0o644);
    assert.deepEqual(await readdir(at('real')), ['gate.crt']);
  });
});
