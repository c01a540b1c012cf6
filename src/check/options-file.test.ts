import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { folderOf } from '#test/command-line.ts';
import { findOptionsFile, OPTIONS_FILE, readOptionsFile } from './options-file.ts';

describe('the options of a repository', () => {
  it('are found in the working folder and above it, up to the root of the repository', async () => {
    await using folder = await folderOf({
      [OPTIONS_FILE]: 'output: json',
      'repository/a/b/x.yaml': '',
      [`other/${OPTIONS_FILE}`]: 'output: json',
      'other/a/x.yaml': '',
      [`other/b/${OPTIONS_FILE}`]: 'output: json',
    });
    await mkdir(folder.file('repository/.git'));
    await mkdir(folder.file('other/.git'));
    assert.equal(findOptionsFile(folder.file('repository/a/b')), undefined, 'it is above the repository');
    assert.equal(findOptionsFile(folder.file('other/a')), folder.file(`other/${OPTIONS_FILE}`));
    assert.equal(findOptionsFile(folder.file('other/b')), folder.file(`other/b/${OPTIONS_FILE}`));
  });

  it('are found only in the working folder itself outside of a repository', async () => {
    await using folder = await folderOf({ [OPTIONS_FILE]: 'output: json', 'a/x.yaml': '' });
    assert.equal(findOptionsFile(folder.path), folder.file(OPTIONS_FILE));
    assert.equal(findOptionsFile(folder.file('a')), undefined);
  });

  it('a wrong key or value is an error with file, line and column', async () => {
    for (const [text, problem] of [
      ['polcy: x\n', '1:1: polcy: it is not a known key (known keys: policy, '],
      ['output: xml\n', '1:1: output: this value is not allowed here (write table or json or '],
      ['paths: deploy\n', '1:1: paths: this value is not allowed here (write a list)'],
      [
        'failOn:\n- deny\n- audit\n',
        '3:3: failOn.1: this value is not allowed here (write deny or warn or unread)',
      ],
      ['exclude: []\n', '1:1: exclude: an empty list is not allowed here'],
      ['paths: ["-"]\n', '1:9: paths.0: standard input has no place in a repository'],
      ['policy: ""\n', '1:1: policy: an empty text is not allowed here'],
      ['policy: [\n', '2:1: '],
      ['- a\n', '1:1: this value is not allowed here (write a map of options)'],
      ['-----BEGIN KEY-----\nc2VjcmV0\n', '1:1: this value is not allowed here (write a map of options)'],
      ['policy: a\n---\npolicy: b\n', '3:1: a second document begins here'],
      ['# nothing\n', '1:1: it is empty'],
    ] as const) {
      await using folder = await folderOf({ [OPTIONS_FILE]: text });
      const file = folder.file(OPTIONS_FILE);
      await assert.rejects(
        readOptionsFile(file),
        (error: Error & { code?: string }) =>
          error.code === 'OPTIONS_FILE_INVALID' && error.message.startsWith(`${file}:${problem}`),
        text,
      );
    }
    await assert.rejects(readOptionsFile('absent.yaml'), { code: 'FILE_UNREADABLE' });
  });
});
