import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { TestQuestion } from '#test/thread-program.ts';
import { programBeside, Thread, ThreadError } from './thread.ts';

const PROGRAM = new URL('../../test/support/thread-program.ts', import.meta.url);
const LONG_MS = 20_000;

/** A program that tries what the thread of a policy must not do, and answers with the results. */
const PRYING = `
  import { execFileSync } from 'node:child_process';
  import { readFileSync, writeFileSync } from 'node:fs';
  import { parentPort, Worker } from 'node:worker_threads';
  const attempt = (act) => { try { act(); return 'done'; } catch (error) { return error.code ?? error.name; } };
  parentPort.on('message', (file) => parentPort.postMessage({
    read: attempt(() => readFileSync(file)),
    write: attempt(() => writeFileSync(file, '')),
    start: attempt(() => execFileSync('true')),
    thread: attempt(() => new Worker('', { eval: true, execArgv: [] })),
    program: attempt(() => readFileSync(new URL(import.meta.url))),
  }));
`;

function start(heapMiB = 64): Thread<TestQuestion, unknown> {
  return new Thread(PROGRAM, { heapMiB });
}

async function failureOf(answer: Promise<unknown>): Promise<[code: string, message: string]> {
  const error = await answer.then(
    (value) => assert.fail(`an answer: ${String(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ThreadError, String(error));
  return [error.code, error.message];
}

describe('a thread', () => {
  it('answers one question after the other, with copies', async () => {
    await using thread = start();
    const value = { list: [1, 'two', null], bytes: new Uint8Array([1, 2]) };
    const answer = await thread.ask({ ask: 'echo', value }, LONG_MS);
    assert.deepEqual(answer, value);
    assert.notEqual(answer, value);
    assert.equal(await thread.ask({ ask: 'echo', value: 2 }, LONG_MS), 2);
  });

  it('XH5 is ended when its time is over, and this thread goes on meanwhile', async () => {
    await using thread = start();
    await thread.ask({ ask: 'echo', value: 1 }, LONG_MS);
    let turns = 0;
    const answer = failureOf(thread.ask({ ask: 'never end' }, 100));
    while (turns < 10) {
      await sleep(1);
      turns += 1;
    }
    assert.deepEqual(await answer, ['THREAD_TOO_SLOW', 'took more than 0.1 s']);
    assert.deepEqual(await failureOf(thread.ask({ ask: 'echo', value: 1 }, LONG_MS)), [
      'THREAD_TOO_SLOW',
      'took more than 0.1 s',
    ]);
  });

  it('XH5 is ended when it needs more memory than it may have, and the process goes on', async () => {
    await using thread = start(8);
    assert.deepEqual(await failureOf(thread.ask({ ask: 'take memory' }, LONG_MS)), [
      'THREAD_OUT_OF_MEMORY',
      'needed more memory than it may have',
    ]);
  });

  it('fails with the message of an error that it throws, and when it ends or is disposed of', async () => {
    await using thrower = start();
    assert.deepEqual(await failureOf(thrower.ask({ ask: 'throw' }, LONG_MS)), [
      'THREAD_FAILED',
      'failed: the answer of a test',
    ]);
    await using leaver = start();
    assert.deepEqual(await failureOf(leaver.ask({ ask: 'exit' }, LONG_MS)), [
      'THREAD_FAILED',
      'ended without an answer',
    ]);
    const disposed = start();
    const answer = failureOf(disposed.ask({ ask: 'never end' }, LONG_MS));
    await disposed[Symbol.asyncDispose]();
    assert.deepEqual(await answer, ['THREAD_FAILED', 'was ended']);
  });

  it('has no environment', async () => {
    await using thread = start();
    assert.deepEqual(await thread.ask({ ask: 'read environment' }, LONG_MS), {});
  });

  it('runs the program beside a module, as a source and in the bundle', () => {
    assert.equal(programBeside('p', 'file:///a/src/b/c.ts').href, 'file:///a/src/b/p.ts');
    assert.equal(programBeside('p', 'file:///a/dist/chunk.js').href, 'file:///a/dist/p.js');
  });

  it('XH5 may read only its program, and start nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'thread-'));
    try {
      await writeFile(join(folder, 'program.mjs'), PRYING);
      const outside = `${folder}.secret`;
      await writeFile(outside, 'a secret of a test');
      await using thread = new Thread<string, Record<string, string>>(
        new URL('program.mjs', `file://${folder}/`),
        { heapMiB: 32 },
      );
      assert.deepEqual(await thread.ask(outside, LONG_MS), {
        read: 'ERR_ACCESS_DENIED',
        write: 'ERR_ACCESS_DENIED',
        start: 'ERR_ACCESS_DENIED',
        thread: 'ERR_ACCESS_DENIED',
        program: 'done',
      });
      await rm(outside);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  const asked = `
    const { Thread } = await import(${JSON.stringify(new URL('thread.ts', import.meta.url).href)});
    try {
      const thread = new Thread(new URL(${JSON.stringify(PROGRAM.href)}), { heapMiB: 64 });
      console.log(await thread.ask({ ask: 'echo', value: 'an answer' }, ${LONG_MS}));
    } catch (error) { console.log(error.code, error.message); }`;

  async function runWith(flags: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...flags,
      '--input-type=module',
      `--eval=${asked}`,
    ]);
    return stdout;
  }

  it('is refused with a sentence if Node may not start threads, and does not keep a process alive', async () => {
    const flags = ['--permission', '--allow-fs-read=*'];
    assert.equal(await runWith(flags), 'THREAD_NOT_ALLOWED needs a thread: start Node with --allow-worker\n');
    assert.equal(await runWith([...flags, '--allow-worker']), 'an answer\n');
  });
});
