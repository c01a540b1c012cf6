import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CertificateStore,
  type CertificateReload,
  MAX_PEM_BYTES,
  type CertificateStoreOptions,
} from './certificate-store.ts';
import { readFollowed } from '../file/bounded-file.ts';
import { CertificateError } from './errors.ts';

/** Longer than any test takes. */
const NEVER_MS = 60_000;

describe('certificates that are followed', () => {
  let folder: string;
  let files: readonly [string, string];
  let taken: string[];
  let reports: CertificateReload[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'certificate-store-'));
    files = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
    [taken, reports] = [[], []];
    await write('one');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function write(name: string): Promise<void> {
    for (const file of files) await writeFile(file, name);
  }

  /** In these tests a pair is valid if its two words are equal, and are not `bad`. */
  function activate(texts: readonly string[]): void {
    const [certificate = '', key] = texts;
    if (certificate === 'bad') throw new CertificateError('CERTIFICATE_UNREADABLE', 'no certificate');
    if (certificate === 'weak') throw new TypeError('ee key too small');
    if (certificate !== key) throw new CertificateError('KEY_MISMATCH', 'no pair');
    taken.push(certificate);
  }

  function open(options: Partial<CertificateStoreOptions> = {}): CertificateStore {
    return new CertificateStore({
      files,
      texts: ['one', 'one'],
      activate,
      pollMs: NEVER_MS,
      settleMs: 20,
      onReload: (reload) => reports.push(reload),
      ...options,
    });
  }

  async function until(holds: () => boolean): Promise<void> {
    for (let waited = 0; waited < 5000 && !holds(); waited += 5) await sleep(5);
    assert.ok(holds());
  }

  it('are activated if they changed, and only then', async () => {
    await using store = open();
    assert.equal((await store.reload()).result, 'unchanged');
    await write('two');
    assert.equal((await store.reload()).result, 'loaded');
    assert.equal((await store.reload()).result, 'unchanged');
    assert.deepEqual([taken, reports], [['two'], [{ result: 'loaded' }]]);
  });

  it('R11 files that are corrupt, mismatched or missing change nothing, and that is reported once', async () => {
    await using store = open();
    const broken: readonly (readonly [change: () => Promise<void>, code: string, message: RegExp])[] = [
      [() => write('bad'), 'CERTIFICATE_UNREADABLE', /tls\.crt, .*tls\.key: no certificate$/],
      [() => writeFile(files[0], 'two'), 'KEY_MISMATCH', /no pair$/],
      [() => write('weak'), 'CERTIFICATE_UNREADABLE', /TLS refuses it: ee key too small$/],
      [
        () => writeFile(files[0], 'x'.repeat(MAX_PEM_BYTES + 1)),
        'CERTIFICATE_UNREADABLE',
        /^\S+tls\.crt: the file has more than 1048576 bytes$/,
      ],
      [
        () => writeFile(files[0], 'one').then(() => rm(files[1])),
        'CERTIFICATE_UNREADABLE',
        /^\S+tls\.key: the file cannot be read: ENOENT: /,
      ],
      [
        async () => {
          execFileSync('mkfifo', [`${files[0]}.pipe`]);
          await rename(`${files[0]}.pipe`, files[0]);
        },
        'CERTIFICATE_UNREADABLE',
        /^\S+tls\.crt: the file cannot be read: it is not a regular file/,
      ],
    ];
    for (const [change, code, message] of broken) {
      await change();
      await store.reload();
      await until(() => store.problem()?.code === code && message.test(store.problem()?.message ?? ''));
      await store.reload();
    }
    assert.deepEqual([taken, reports.map(({ result }) => result)], [[], broken.map(() => 'kept')]);
    await rm(files[0]);
    await write('one');
    await store.reload();
    assert.deepEqual([store.problem(), taken, reports.at(-1)], [undefined, ['one'], { result: 'loaded' }]);
  });

  it('flip: settleMs; files that are written one after the other are not reported', async () => {
    await using patient = open({ settleMs: NEVER_MS });
    await writeFile(files[1], 'two');
    assert.equal((await patient.reload()).result, 'kept');
    assert.equal((await patient.reload()).result, 'kept');
    assert.deepEqual([patient.problem(), reports], [undefined, []]);
    await writeFile(files[0], 'two');
    assert.equal((await patient.reload()).result, 'loaded');
    assert.deepEqual([taken, reports], [['two'], [{ result: 'loaded' }]]);
    await using hasty = open({ settleMs: 1, texts: ['two', 'two'] });
    await writeFile(files[1], 'three');
    await hasty.reload();
    await until(() => hasty.problem()?.code === 'KEY_MISMATCH');
  });

  it('flip: silenceMs; flip: read; stay active while the files give no answer, which is reported once', async () => {
    const answer = Promise.withResolvers<void>();
    const read = async (file: string, maxBytes: number) => {
      await answer.promise;
      return readFollowed(file, maxBytes);
    };
    await using store = open({ silenceMs: 20, read });
    await write('two');
    assert.equal((await store.reload()).result, 'kept');
    await until(() => store.problem() !== undefined);
    await store.reload();
    assert.deepEqual(
      [store.problem()?.code, store.problem()?.message, reports.length],
      [
        'CERTIFICATE_UNREADABLE',
        `${files.join(', ')}: the file cannot be read: it has not answered for 0.02 s`,
        1,
      ],
    );
    answer.resolve();
    await until(() => store.problem() === undefined);
    assert.deepEqual([taken, reports.at(-1)], [['two'], { result: 'loaded' }]);
  });

  for (const [how, pollMs] of [
    ['by their watch alone', NEVER_MS],
    ['by their poll alone', 20],
  ] as const) {
    it(`R11 flip: pollMs; a rename and the swap of a Secret are noticed ${how}`, async () => {
      // A folder that does not exist at the start cannot be watched.
      const place = join(folder, 'place');
      if (pollMs === NEVER_MS) await mkdir(place);
      files = [join(place, 'tls.crt'), join(place, 'tls.key')];
      await using store = open({ pollMs });
      store.watch();
      await mkdir(place, { recursive: true });
      for (const file of files) {
        await writeFile(`${file}.new`, 'two');
        await rename(`${file}.new`, file);
      }
      await until(() => taken.at(-1) === 'two');
      for (const file of files) await rm(file);
      await swap(place, 'three');
      for (const file of ['tls.crt', 'tls.key']) await symlink(join('..data', file), join(place, file));
      await until(() => taken.at(-1) === 'three');
      await swap(place, 'four');
      await until(() => taken.at(-1) === 'four');
      assert.ok((await readdir(place)).includes('..data'));
    });
  }

  /** Swaps the files like the kubelet: it makes a new folder, and renames a new link over the old one. */
  async function swap(place: string, text: string): Promise<void> {
    await mkdir(join(place, `..${text}`));
    for (const file of ['tls.crt', 'tls.key']) await writeFile(join(place, `..${text}`, file), text);
    await symlink(`..${text}`, join(place, '..data_tmp'));
    await rename(join(place, '..data_tmp'), join(place, '..data'));
  }

  it('are no longer followed after the store is disposed of', async () => {
    {
      await using store = open({ pollMs: 5 });
      store.watch();
      await writeFile(files[0], 'half');
      await store.reload();
    }
    await write('two');
    await sleep(40);
    assert.deepEqual([taken, reports], [[], []]);
  });
});
