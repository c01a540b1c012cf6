import assert from 'node:assert/strict';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { findingsIn } from './root-findings.ts';

/** Only such systems have owners and modes. */
const skip = process.getuid === undefined ? 'no users here' : false;
const me = process.getuid?.() ?? 0;

type Planted = readonly [path: string, mode: number, text?: string];

const SOUND: readonly Planted[] = [
  ['usr/bin/node', 0o755, '\u007fELF'],
  ['lib/x86_64-linux-gnu/ld-linux-x86-64.so.2', 0o755],
  ['lib/x86_64-linux-gnu/libc.so.6', 0o755],
  ['app/dist/main.js', 0o644, 'import "./serve.js";'],
  ['var/lib/dpkg/status.d/libc6', 0o644],
];

async function plant(root: string, [path, mode, text = 'x']: Planted): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  await chmod(file, mode);
}

describe('finds forbidden files in the root of an image', { skip }, () => {
  it('finds nothing in Node, its libraries and a bundle', async () => {
    await using root = await makeTemporaryFolder('root');
    for (const file of SOUND) await plant(root.path, file);
    assert.deepEqual(await findingsIn(root.path, me), []);
  });

  const bad: readonly (readonly [problem: string, planted: Planted])[] = [
    ['has the name of a tool', ['bin/sh', 0o644]],
    ['has the name of a tool', ['usr/local/bin/npm', 0o644]],
    ['has the name of a tool', ['usr/bin/dpkg', 0o644]],
    ['sets its user or group', ['usr/bin/node', 0o4755]],
    ['sets its user or group', ['usr/lib/mail.so', 0o2755]],
    ['can be written', ['app/dist/main.js', 0o666]],
    ['can be written', ['app/dist/main.js', 0o664]],
    ['can be executed', ['usr/bin/ldd', 0o755]],
    ['is a script', ['etc/profile', 0o644, '#!/bin/sh\n']],
  ];
  for (const [problem, planted] of bad) {
    it(`/${planted[0]} of mode ${planted[1].toString(8)} ${problem}`, async () => {
      await using root = await makeTemporaryFolder('root');
      for (const file of SOUND) await plant(root.path, file);
      await plant(root.path, planted);
      assert.deepEqual(await findingsIn(root.path, me), [{ path: `/${planted[0]}`, problem }]);
    });
  }

  it('finds a folder that all users may write', async () => {
    await using root = await makeTemporaryFolder('root');
    await mkdir(join(root.path, 'tmp'));
    await chmod(join(root.path, 'tmp'), 0o1777);
    assert.deepEqual(await findingsIn(root.path, me), [{ path: '/tmp', problem: 'can be written' }]);
  });

  it('finds a link with the name of a shell, whatever its target', async () => {
    await using root = await makeTemporaryFolder('root');
    await symlink('../usr/bin/node', join(root.path, 'bash'));
    assert.deepEqual(await findingsIn(root.path, me), [{ path: '/bash', problem: 'has the name of a tool' }]);
  });

  it('finds files of another owner', async () => {
    await using root = await makeTemporaryFolder('root');
    await plant(root.path, ['app.js', 0o644]);
    assert.deepEqual(await findingsIn(root.path, me + 1), [
      { path: '/app.js', problem: `belongs to user ${me}` },
    ]);
  });
});
