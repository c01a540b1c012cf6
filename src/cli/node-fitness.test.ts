import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'node:test';
import { NodeError, requireSoundNode } from './node-fitness.ts';

/** Reads like Node 24.21.0, in the extreme: every object is the one that was read first. */
function misreading(): (text: string) => unknown {
  let first: unknown;
  return (text) => (first ??= JSON.parse(text));
}

test('XP1 this Node reads the keys of JSON right', () => {
  requireSoundNode(process.version);
});

test('XP1 a Node that returns a key of an earlier object is refused', () => {
  assert.throws(
    () => requireSoundNode('v24.21.0', misreading()),
    (error) =>
      error instanceof NodeError &&
      error.code === 'NODE_MISREADS_JSON' &&
      error.message.startsWith('Node v24.21.0 reads keys of JSON wrongly: '),
  );
});

test('XP1 the program does not run on such a Node', async () => {
  const preload = String.raw`const parse = JSON.parse; JSON.parse = (text, ...rest) => parse(String(text).replace(',"\\"":0', ',"x":0'), ...rest);`;
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const run = promisify(execFile)(process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(preload)}`,
    main,
    'explain',
    'nginx:1',
  ]);
  await assert.rejects(run, (error: Error & { code?: number; stdout?: string; stderr?: string }) => {
    assert.equal(error.code, 2);
    assert.equal(error.stdout, '');
    assert.match(error.stderr ?? '', /^error: Node v[\d.]+ reads keys of JSON wrongly: .*\n$/);
    return true;
  });
});
