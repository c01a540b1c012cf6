import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Follower, type FollowerOptions } from './follower.ts';

/** Longer than a test. */
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

  function open(options: Partial<FollowerOptions<number>> = {}): Follower<number> {
    return new Follower({
      files: [join(folder, 'file')],
      look,
      onSilence: (sentence) => assert.fail(sentence),
      timing: { pollMs: NEVER_MS },
      ...options,
    });
  }

  async function until(isTrue: () => boolean): Promise<void> {
    for (let waited = 0; waited < 5000 && !isTrue(); waited += 5) await sleep(5);
    assert.ok(isTrue());
  }

  it('looks when a file changes in any of the folders', async () => {
    const files = ['a', 'b'].map((name) => join(folder, name, 'file'));
    for (const name of ['a', 'b']) await mkdir(join(folder, name));
    await using follower = open({ files });
    follower.follow();
    for (const file of files) {
      const before = looks;
      await writeFile(file, 'new');
      await until(() => looks > before);
    }
  });

  it('flip: pollMs; looks at intervals if a folder cannot be watched', async () => {
    await using follower = open({ files: [join(folder, 'none', 'file')], timing: { pollMs: 5 } });
    follower.follow();
    await until(() => looks > 3);
  });

  it('runs one look at a time, and continues after a look that fails', async () => {
    let underWay = 0;
    const failing = async (): Promise<never> => {
      underWay += 1;
      assert.equal(underWay, 1);
      await sleep(1);
      underWay -= 1;
      looks += 1;
      throw new Error('nothing to see');
    };
    await using follower = open({ look: failing, timing: { pollMs: 2 } });
    follower.follow();
    await assert.rejects(follower.look(), /nothing to see/);
    await until(() => looks > 5);
  });

  it('flip: silenceMs; reports a look that takes too long, begins no other look, and continues when it ends', async () => {
    const answer = Promise.withResolvers<number>();
    const said: string[] = [];
    await using follower = open({
      look: () => (looks === 0 ? answer.promise : look()).finally(() => (looks += 1)),
      onSilence: (sentence) => -said.push(sentence),
      timing: { pollMs: 5, silenceMs: 20 },
    });
    follower.follow();
    assert.equal(await follower.look(), -1);
    assert.equal(await follower.look(), -said.length);
    await until(() => said.length > 5);
    assert.deepEqual([looks, new Set(said)], [0, new Set(['it has not answered for 0.02 s'])]);
    answer.resolve(7);
    await until(() => looks > 3);
    const before = said.length;
    await until(() => looks > 10);
    assert.equal(said.length, before);
  });

  it('ends with the running look', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    let isOver = false;
    const follower = open({ look: () => promise });
    void follower.look();
    const ended = follower[Symbol.asyncDispose]().then(() => (isOver = true));
    await sleep(5);
    assert.equal(isOver, false);
    resolve(1);
    await ended;
  });

  it('waits at most a second for a look that does not end, and not at all if the look is over its time limit', async () => {
    const hung = () => Promise.withResolvers<number>().promise;
    for (const [silenceMs, leastMs, mostMs] of [
      [NEVER_MS, 900, 5000],
      [1, 0, 900],
    ] as const) {
      const follower = open({ look: hung, onSilence: () => 0, timing: { silenceMs } });
      const first = follower.look();
      if (silenceMs === 1) await Promise.all([first, sleep(20)]);
      void follower.look();
      const startMs = performance.now();
      await follower[Symbol.asyncDispose]();
      const tookMs = performance.now() - startMs;
      assert.ok(leastMs <= tookMs && tookMs < mostMs, `${tookMs} ms`);
    }
  });
});
