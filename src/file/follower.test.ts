import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Follower } from './follower.ts';

/** Longer than any test takes. */
const NEVER_MS = 60_000;

describe('following files', () => {
  let folder: string;
  let looks: number;
  const look = async (): Promise<number> => {
    looks += 1;
    return looks;
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'follower-'));
    looks = 0;
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function until(holds: () => boolean): Promise<void> {
    for (let waited = 0; waited < 5000 && !holds(); waited += 5) await sleep(5);
    assert.ok(holds());
  }

  it('looks when a file changes, in whichever of the folders', async () => {
    const files = ['a', 'b'].map((name) => join(folder, name, 'file'));
    for (const name of ['a', 'b']) await mkdir(join(folder, name));
    await using follower = new Follower({ files, look, pollMs: NEVER_MS });
    follower.follow();
    for (const file of files) {
      const before = looks;
      await writeFile(file, 'new');
      await until(() => looks > before);
    }
  });

  it('flip: pollMs; looks again and again where nothing can be watched', async () => {
    await using follower = new Follower({ files: [join(folder, 'none', 'file')], look, pollMs: 5 });
    follower.follow();
    await until(() => looks > 3);
  });

  it('looks once at a time, and goes on after a look that fails', async () => {
    let underWay = 0;
    const failing = async (): Promise<void> => {
      underWay += 1;
      assert.equal(underWay, 1);
      await sleep(1);
      underWay -= 1;
      looks += 1;
      throw new Error('nothing to see');
    };
    await using follower = new Follower({ files: [join(folder, 'file')], look: failing, pollMs: 2 });
    follower.follow();
    await assert.rejects(follower.look(), /nothing to see/);
    await until(() => looks > 5);
  });

  it('ends with the look that is under way', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let isOver = false;
    const follower = new Follower({ files: [join(folder, 'file')], look: () => promise, pollMs: NEVER_MS });
    void follower.look();
    const ended = follower[Symbol.asyncDispose]().then(() => (isOver = true));
    await sleep(5);
    assert.equal(isOver, false);
    resolve();
    await ended;
  });
});
