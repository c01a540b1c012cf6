import assert from 'node:assert/strict';
import test from 'node:test';

import {
  after,
  afterEach,
  before,
  beforeEach,
  describe,
  it,
  keepTests,
  type TestContext,
  TestRun,
} from './node-test.ts';

const seen: string[] = [];
const note = (word: string) => (): void => void seen.push(word);

// Calls the replacement as a test file does.
before(note('before'));
after(note('after'));
void describe('suite', () => {
  beforeEach(note('beforeEach'));
  afterEach(note('afterEach'));
  before(note('before suite'));
  void it('passes', note('passes'));
  void it('passes', { timeout: 1000 }, note('passes again'));
  void it('cleans up', (context: TestContext) => {
    context.after(note('cleaned'));
    throw new Error('broken');
  });
});
void it('waits', async () => {
  await Promise.resolve();
  note('waited')();
});

const kept = await keepTests([]);

test('tests are keyed by suite and title, and each key is unique', () => {
  assert.deepEqual(
    kept.map(({ id }) => id),
    [' > suite > passes', ' > suite > passes #2', ' > suite > cleans up', ' > waits'],
  );
  assert.deepEqual(seen, []);
});

test('hooks run before and after each test or suite, and a run can be repeated', async () => {
  for (const _ of [1, 2]) {
    seen.length = 0;
    {
      await using run = new TestRun();
      await run.run(kept[0] ?? assert.fail());
      await run.run(kept[1] ?? assert.fail());
      await run.run(kept[3] ?? assert.fail());
    }
    assert.equal(
      seen.join(', '),
      'before, before suite, beforeEach, passes, afterEach, beforeEach, passes again, afterEach, waited, after',
    );
  }
});

test('an error of a test is thrown after its clean-ups and hooks', async () => {
  seen.length = 0;
  const run = new TestRun();
  await assert.rejects(run.run(kept[2] ?? assert.fail()), /broken/);
  assert.deepEqual(seen, ['before', 'before suite', 'beforeEach', 'cleaned', 'afterEach']);
});
