import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { folderOf } from '#test/command-line.ts';
import { readBounded } from './bounded-file.ts';

describe('a file that is read up to a bound', () => {
  it('is read whole with as many bytes as that, and not at all with one more', async () => {
    await using folder = await folderOf({ none: '', some: 'abc', most: 'abcd', more: 'abcde' });
    const read = async (name: string) => (await readBounded(folder.file(name), 4))?.toString();
    assert.deepEqual(await Promise.all(['none', 'some', 'most', 'more'].map(read)), [
      '',
      'abc',
      'abcd',
      undefined,
    ]);
  });

  it('R12 may be one that does not end, and says nothing of its size', { timeout: 10_000 }, async () => {
    assert.equal(await readBounded('/dev/zero', 1024 * 1024), undefined);
  });

  it('fails as the file system does', async () => {
    await assert.rejects(readBounded(join(tmpdir(), 'no such', 'file'), 4), { code: 'ENOENT' });
    await assert.rejects(readBounded(tmpdir(), 4), { code: 'EISDIR' });
  });
});
