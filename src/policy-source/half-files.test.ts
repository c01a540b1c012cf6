import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ruleText } from '#test/bad-policies.ts';
import { readFollowed } from '../file/bounded-file.ts';
import { examinePolicy } from './load.ts';
import { PolicyStore, type PolicyStoreOptions, type Reload } from './store.ts';

const [ONE, TWO] = ['one', 'two'].map((tag) => ruleText(`disallowedTags: {tags: [${tag}]}`)) as [
  string,
  string,
];

describe('the active policy', () => {
  let folder: string;
  let file: string;
  let reloads: Reload[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'store-'));
    file = join(folder, 'policy.yaml');
    reloads = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function open(options: Partial<PolicyStoreOptions>): PolicyStore {
    return new PolicyStore({
      file,
      pollMs: 60_000,
      examine: examinePolicy,
      onReload: (reload) => reloads.push(reload),
      ...options,
    });
  }

  /** The tag that the active policy refuses. */
  function refused(store: PolicyStore): string | undefined {
    return ['one', 'two'].find((tag) => store.current()?.judge(`app:${tag}`).findings.length === 1);
  }

  it('XH7 is not half a file: two looks have to find the same bytes', async () => {
    const whole = `${ruleText('disallowedTags: {tags: [two]}')}  - {name: b, disallowedTags: {tags: [four]}}\n`;
    const half = whole.slice(0, whole.indexOf('  - {name: b'));
    await writeFile(file, ONE);
    let looks = 0;
    await using store = open({
      settleMs: 1,
      read: async (...asked) => {
        looks += 1;
        if (looks === 4) await writeFile(file, whole);
        return readFollowed(...asked);
      },
    });
    await store.reload();
    assert.equal(looks, 2);
    // The first half alone is a policy, too. The third look finds it, the fourth one finds the whole.
    await writeFile(file, half);
    assert.equal((await store.reload()).result, 'loaded');
    assert.equal(looks, 5);
    assert.deepEqual([refused(store), store.current()?.rules.length], ['two', 2]);
    assert.deepEqual(
      reloads.map((reload) => reload.result === 'loaded' && reload.policy.rules.length),
      [1, 2],
    );
  });

  it('XH7 is not half a file that was written just before the start', async () => {
    const ages = [10, 1000];
    for (const [index, age] of ages.entries()) {
      await writeFile(file, ONE);
      let looks = 0;
      await using store = open({
        settleMs: 50,
        ageOf: async () => age,
        read: async (...asked) => {
          looks += 1;
          return readFollowed(...asked);
        },
      });
      await store.reload();
      assert.equal(looks, [2, 1][index], `${age} ms old`);
    }
  });

  it('XH7 a file that changes again and again is a problem, and the active policy stays', async () => {
    let changes = 0;
    let isChanging = false;
    await writeFile(file, ONE);
    await using store = open({
      settleMs: 1,
      read: async (...asked) => {
        if (isChanging) await writeFile(file, `${TWO}# ${(changes += 1)}`);
        return readFollowed(...asked);
      },
    });
    await store.reload();
    isChanging = true;
    assert.equal((await store.reload()).result, 'kept');
    assert.match(store.problem()?.message ?? '', /it has changed again and again for 0\.02 s$/);
    assert.equal(refused(store), 'one');
    isChanging = false;
    assert.equal((await store.reload()).result, 'loaded');
    assert.deepEqual([refused(store), store.problem()], ['two', undefined]);
  });
});
