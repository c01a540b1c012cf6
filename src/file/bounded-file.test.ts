import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { folderOf } from '#test/command-line.ts';
import { readBounded, readFollowed } from './bounded-file.ts';

describe('a file that is read up to a limit', () => {
  for (const [how, reader] of [
    ['once', readBounded],
    ['again and again', readFollowed],
  ] as const) {
    it(`${how} is read if it has as many bytes as the limit, and not with one more`, async () => {
      await using folder = await folderOf({ none: '', some: 'abc', most: 'abcd', more: 'abcde' });
      const read = async (name: string) => (await reader(folder.file(name), 4))?.toString();
      assert.deepEqual(await Promise.all(['none', 'some', 'most', 'more'].map(read)), [
        '',
        'abc',
        'abcd',
        undefined,
      ]);
    });

    it(`${how} fails with the error of the file system`, async () => {
      await assert.rejects(reader(join(tmpdir(), 'no such', 'file'), 4), { code: 'ENOENT' });
      await assert.rejects(reader(tmpdir(), 4), { code: 'EISDIR' });
    });
  }

  it('R12 may have no size and no end', { timeout: 10_000 }, async () => {
    assert.equal(await readBounded('/dev/zero', 1024 * 1024), undefined);
  });

  it('may be a pipe if it is read once', { timeout: 10_000 }, async () => {
    await using folder = await folderOf({});
    execFileSync('mkfifo', [folder.file('pipe')]);
    const [bytes] = await Promise.all([
      readBounded(folder.file('pipe'), 4),
      writeFile(folder.file('pipe'), 'abc'),
    ]);
    assert.equal(bytes?.toString(), 'abc');
  });

  it(
    'R12 that is read repeatedly is refused if it is a pipe or a device, without waiting for a writer',
    { timeout: 10_000 },
    async () => {
      await using folder = await folderOf({});
      execFileSync('mkfifo', [folder.file('pipe')]);
      for (const file of [folder.file('pipe'), '/dev/zero'])
        await assert.rejects(readFollowed(file, 4), /^Error: it is not a regular file/);
    },
  );
});
