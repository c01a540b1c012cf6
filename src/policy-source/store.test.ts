import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ruleText } from '#test/bad-policies.ts';
import { reviewOf } from '#test/bare-reviews.ts';
import { createBouncer } from '../bouncer.ts';
import { readFollowed } from '../file/bounded-file.ts';
import { examinePolicy } from './load.ts';
import { PolicyStore, type PolicyStoreOptions, type Reload } from './store.ts';

/** Three policies that differ in the tag that they refuse. */
const [ONE, TWO, THREE] = ['one', 'two', 'three'].map((tag) =>
  ruleText(`disallowedTags: {tags: [${tag}]}`),
) as [string, string, string];

/** Longer than any test takes. */
const NEVER_MS = 60_000;

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

  function open(options: Partial<PolicyStoreOptions> = {}): PolicyStore {
    return new PolicyStore({
      file,
      pollMs: NEVER_MS,
      settleMs: 2,
      examine: examinePolicy,
      onReload: (reload) => reloads.push(reload),
      ...options,
    });
  }

  /** Which of the three policies is active. */
  function inForce(store: PolicyStore): string | undefined {
    const policy = store.current();
    return ['one', 'two', 'three'].find((tag) => policy?.judge(`app:${tag}`).findings.length === 1);
  }

  async function eventually(store: PolicyStore, tag: string): Promise<void> {
    for (let waited = 0; waited < 5000 && inForce(store) !== tag; waited += 5) await sleep(5);
    assert.equal(inForce(store), tag);
  }

  it('is missing before the first reading, and then that of the file, also after a change', async () => {
    await using store = open();
    assert.deepEqual([store.current(), store.problem()], [undefined, undefined]);
    await writeFile(file, ONE);
    assert.equal((await store.reload()).result, 'loaded');
    assert.equal((await store.reload()).result, 'unchanged');
    await writeFile(file, TWO);
    assert.equal((await store.reload()).result, 'loaded');
    assert.equal(inForce(store), 'two');
    assert.deepEqual(
      reloads.map(({ result }) => result),
      ['loaded', 'loaded'],
    );
  });

  it('stays active while the file is broken, which is reported once', async () => {
    await using store = open();
    await writeFile(file, ONE);
    await store.reload();
    await writeFile(file, ONE.replace('disallowedTags', 'disalowedTags'));
    for (let look = 0; look < 3; look += 1) assert.equal((await store.reload()).result, 'kept');
    assert.equal(inForce(store), 'one');
    assert.match(store.problem()?.message ?? '', /policy\.yaml:8:5: spec\.rules\[0\]\.disalowedTags/);
    await writeFile(file, ONE);
    assert.equal((await store.reload()).result, 'loaded');
    assert.equal(store.problem(), undefined);
    assert.deepEqual(
      reloads.map(({ result }) => result),
      ['loaded', 'kept', 'loaded'],
    );
  });

  it('stays active while the file is broken in several ways, each of which is reported', async () => {
    await using store = open();
    await writeFile(file, ONE);
    await store.reload();
    for (const text of ['a: [', '', '- x']) {
      await writeFile(file, text);
      await store.reload();
      await store.reload();
    }
    assert.equal(inForce(store), 'one');
    assert.deepEqual(
      reloads.map(({ result }) => result),
      ['loaded', 'kept', 'kept', 'kept'],
    );
  });

  it('stays active if the file is deleted; the next file is loaded', async () => {
    await using store = open();
    await writeFile(file, ONE);
    await store.reload();
    await rm(file);
    await store.reload();
    await store.reload();
    assert.equal(inForce(store), 'one');
    assert.equal(store.problem()?.code, 'POLICY_UNREADABLE');
    await writeFile(file, ONE);
    await store.reload();
    assert.equal(store.problem(), undefined);
    assert.deepEqual(
      reloads.map(({ result }) => result),
      ['loaded', 'kept', 'loaded'],
    );
  });

  it('stays active if the file is not UTF-8; the problem ends when the file has its old content again', async () => {
    await using store = open();
    await writeFile(file, ONE);
    await store.reload();
    await writeFile(file, Buffer.concat([Buffer.from(ONE), Buffer.from([0x23, 0xff, 0xfe])]));
    assert.equal((await store.reload()).result, 'kept');
    assert.equal(store.problem()?.code, 'POLICY_SYNTAX');
    await writeFile(file, ONE);
    assert.equal((await store.reload()).result, 'loaded');
    assert.equal(store.problem(), undefined);
  });

  it('R12 stays active if a pipe replaces the file; the next file is loaded', async () => {
    await using store = open();
    await writeFile(file, ONE);
    await store.reload();
    execFileSync('mkfifo', [`${file}.pipe`]);
    await rename(`${file}.pipe`, file);
    assert.equal((await store.reload()).result, 'kept');
    assert.match(
      store.problem()?.message ?? '',
      /policy\.yaml: the policy cannot be read: it is not a regular file/,
    );
    await writeFile(`${file}.new`, TWO);
    await rename(`${file}.new`, file);
    assert.equal((await store.reload()).result, 'loaded');
    assert.equal(inForce(store), 'two');
  });

  it('R12 flip: silenceMs; flip: read; stays active while the file cannot be read in time, which is reported once', async () => {
    const answer = Promise.withResolvers<void>();
    let isDead = false;
    await using store = open({
      silenceMs: 20,
      read: async (...asked) => {
        if (isDead) await answer.promise;
        return readFollowed(...asked);
      },
    });
    await writeFile(file, ONE);
    await store.reload();
    isDead = true;
    for (let look = 0; look < 3; look += 1) assert.equal((await store.reload()).result, 'kept');
    assert.equal(inForce(store), 'one');
    assert.deepEqual(
      [store.problem()?.code, store.problem()?.message],
      ['POLICY_UNREADABLE', `${file}: the policy cannot be read: it has not answered for 0.02 s`],
    );
    isDead = false;
    answer.resolve();
    for (let waited = 0; waited < 5000 && store.problem() !== undefined; waited += 5) await sleep(5);
    assert.deepEqual(
      reloads.map(({ result }) => result),
      ['loaded', 'kept', 'loaded'],
    );
    await writeFile(file, TWO);
    await store.reload();
    assert.equal(inForce(store), 'two');
  });

  it('is missing while the first file is broken, and is loaded when the file is corrected', async () => {
    await using store = open();
    await writeFile(file, 'spec: {}');
    assert.equal((await store.reload()).result, 'kept');
    assert.equal(store.current(), undefined);
    await writeFile(file, TWO);
    await store.reload();
    assert.equal(inForce(store), 'two');
  });

  it('does not change during a decision, even if another policy is loaded', async () => {
    await using store = open();
    await writeFile(file, ONE);
    await store.reload();
    const held = store.current();
    const bouncer = createBouncer({ policies: store });
    const before = await bouncer.decide(reviewOf(['app:one', 'app:two']), 1000);
    await writeFile(file, TWO);
    const reloading = store.reload();
    const during = await bouncer.decide(reviewOf(['app:one', 'app:two']), 1000);
    await reloading;
    const after = await bouncer.decide(reviewOf(['app:one', 'app:two']), 1000);
    assert.deepEqual(
      [before, during, after].map(({ policy, violations }) => [
        policy?.revision,
        violations.map(({ use }) => use?.image).join(),
      ]),
      [
        [held?.identity.revision, 'app:one'],
        [held?.identity.revision, 'app:one'],
        [store.current()?.identity.revision, 'app:two'],
      ],
    );
  });

  it('flip: language selects the messages of the policies that are loaded', async () => {
    await writeFile(file, ruleText('requiredDigest: {}', 'message: plain', 'messages: {zh: 中文}'));
    for (const [options, words] of [
      [{}, 'plain'],
      [{ language: 'zh' }, '中文'],
    ] as const) {
      await using store = open(options);
      await store.reload();
      assert.equal(store.current()?.rules[0]?.message, words);
    }
  });

  it('is read once for many calls of reload at the same time', async () => {
    await using store = open();
    await writeFile(file, ONE);
    const looks = await Promise.all(Array.from({ length: 1000 }, () => store.reload()));
    assert.equal(new Set(looks).size, 1);
    await writeFile(file, TWO);
    await store.reload();
    assert.equal(inForce(store), 'two', 'a later call of reload reads the file again');
  });

  it('is active although its listener throws', async () => {
    await using store = open({ onReload: () => assert.fail('a broken listener') });
    await writeFile(file, ONE);
    await assert.rejects(store.reload(), /a broken listener/);
    assert.deepEqual([inForce(store), store.problem()], ['one', undefined]);
    await writeFile(file, TWO);
    await assert.rejects(store.reload());
    assert.equal(inForce(store), 'two');
  });

  for (const [how, pollMs] of [
    ['by its watch alone', NEVER_MS],
    ['by its poll alone', 20],
  ] as const) {
    it(`flip: pollMs; a change of the file is noticed ${how}`, async () => {
      // A folder that does not exist at the start cannot be watched.
      const late = join(folder, 'late');
      if (pollMs === NEVER_MS) await mkdir(late);
      await using store = open({ file: join(late, 'policy.yaml'), pollMs });
      store.watch();
      await mkdir(late, { recursive: true });
      await writeFile(join(late, 'policy.yaml'), ONE);
      await eventually(store, 'one');
      await writeFile(join(late, 'new.yaml'), TWO);
      await rename(join(late, 'new.yaml'), join(late, 'policy.yaml'));
      await eventually(store, 'two');
    });

    it(`the swap of a ConfigMap is noticed ${how}`, async () => {
      await writeConfigMap('..2026_01_01_00_00_00.1', ONE);
      await symlink('..data/policy.yaml', file);
      await using store = open({ pollMs });
      await store.reload();
      store.watch();
      if (pollMs !== NEVER_MS) assert.equal(inForce(store), 'one');
      await writeConfigMap('..2026_01_01_00_01_00.2', TWO);
      await eventually(store, 'two');
      await writeConfigMap('..2026_01_01_00_02_00.3', 'rules: broken');
      for (let waited = 0; waited < 5000 && store.problem() === undefined; waited += 5) await sleep(5);
      assert.equal(inForce(store), 'two');
      await writeConfigMap('..2026_01_01_00_03_00.4', THREE);
      await eventually(store, 'three');
      assert.equal(store.problem(), undefined);
    });
  }

  it('does not change after the store is disposed of', async () => {
    await writeFile(file, ONE);
    {
      await using store = open({ pollMs: 5 });
      await store.reload();
      store.watch();
    }
    const before = reloads.length;
    await writeFile(file, TWO);
    await sleep(30);
    assert.equal(reloads.length, before);
  });

  it('does not change without a call of follow', async () => {
    await writeFile(file, ONE);
    await using store = open({ pollMs: 5 });
    await store.reload();
    await writeFile(file, TWO);
    await sleep(30);
    assert.equal(inForce(store), 'one');
  });

  /** Swaps the files like the kubelet: it makes a new folder, renames a new link over `..data`, and removes the old folder. */
  async function writeConfigMap(version: string, text: string): Promise<void> {
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, 'policy.yaml'), text);
    await symlink(version, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  }
});
