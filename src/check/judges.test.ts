import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { folderOf } from '#test/command-line.ts';
import { decodePolicy } from '../policy/decode.ts';
import { defaultPolicyDocument } from '../policy/default-policy.ts';
import type { FileResult } from '../report/result.ts';
import { checkFiles } from './check-files.ts';

const SETTINGS = {
  policy: defaultPolicyDocument([]),
  language: undefined,
  namespace: undefined,
  everyObject: false,
};

function pod(name: string, image: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers:\n  - {name: web, image: ${image}}\n`;
}

/** A file that is read by the exact reader, because it has anchors. */
function unusual(items: number): string {
  const lines = Array.from({ length: items }, (_, index) => `  k${index}: &a${index} some text`);
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: data}\ndata:\n${lines.join('\n')}\n`;
}

/** An ordinary file of more than 64 KiB. */
const LARGE = Array.from({ length: 800 }, (_, index) =>
  pod(`p${index}`, index === 799 ? 'nginx' : 'nginx:1'),
).join('---\n');

async function resultsOf(
  paths: readonly string[],
  bounds?: { readonly heapMiB: number; readonly limitMs: number },
  parallel = true,
): Promise<FileResult[]> {
  const policy = await decodePolicy(SETTINGS.policy);
  const results: FileResult[] = [];
  for await (const result of checkFiles(paths, SETTINGS, policy, {
    stdin: Readable.from([]),
    parallel,
    bounds,
  }))
    results.push(result);
  return results;
}

const brief = (results: readonly FileResult[]) =>
  results.map(({ judged, objects, unread }) => [judged, objects.length, ...unread.map(({ code }) => code)]);

describe('XH5 a file that costs too much', () => {
  it('memory is named, and the files around it are judged', async () => {
    await using folder = await folderOf({ 'a.yaml': LARGE, 'b.yaml': unusual(25_000), 'c.yaml': LARGE });
    const results = await resultsOf([folder.path], { heapMiB: 32, limitMs: 60_000 });
    assert.deepEqual(brief(results), [
      [800, 1],
      [0, 0, 'FILE_TOO_COSTLY'],
      [800, 1],
    ]);
    assert.match(
      results[1]?.unread[0]?.sentence ?? '',
      /^reading it needs more than 32 MiB of memory \(write it as several documents or files/,
    );
  });

  it('time is named, and the files around it are judged', async () => {
    await using folder = await folderOf({
      'a.yaml': pod('x', 'nginx'),
      'b.yaml': unusual(60_000),
      'c.yaml': pod('x', 'nginx'),
    });
    const results = await resultsOf([folder.path], { heapMiB: 512, limitMs: 30 });
    assert.deepEqual(brief(results), [
      [1, 1],
      [0, 0, 'FILE_TOO_COSTLY'],
      [1, 1],
    ]);
    assert.match(results[1]?.unread[0]?.sentence ?? '', /^reading it took more than 0\.03 s/);
  });
});

describe('judging in two threads', () => {
  it('has the results of one thread, in the same order', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 900 }, (_, index) => [
        `f${index}.yaml`,
        index % 400 === 7 ? LARGE : pod(`p${index}`, index % 3 === 0 ? 'nginx' : 'nginx:1'),
      ]),
    );
    await using folder = await folderOf({ ...files, 'f3.yaml': 'a: [', 'f4/x.json': '{}' });
    const alone = await resultsOf([folder.path, folder.file('none')], undefined, false);
    assert.deepEqual(await resultsOf([folder.path, folder.file('none')]), alone);
    assert.equal(alone.length, 902);
    assert.deepEqual(
      alone.map(({ file }) => file).slice(0, -1),
      alone
        .map(({ file }) => file)
        .slice(0, -1)
        .toSorted(),
    );
  });
});
