import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { folderOf } from '#test/command-line.ts';
import { fileOf, HOSTILE_NAMES, objectOf, violationOf } from '#test/file-results.ts';
import type { ImageUse } from '../image/use.ts';
import type { FileResult, ObjectResult, PlacedViolation } from '../report/result.ts';
import { Baseline, BaselineWriter, readBaseline } from './baseline.ts';

const same = (file: string): string => file;
const USE: ImageUse = { location: undefined, usage: 'container', container: 'web', image: 'nginx' };

/** The baseline with these results, after it was written into a file and read again. */
async function baselineOf(...files: readonly FileResult[]): Promise<Baseline> {
  await using folder = await folderOf({});
  const writer = new BaselineWriter(same);
  for (const file of files) writer.apply(file);
  await writer.write(folder.file('b.json'));
  return new Baseline(await readBaseline(folder.file('b.json')), same);
}

/** Whether each violation of a file is accepted. */
function acceptedOf(baseline: Baseline, file: FileResult): readonly boolean[] {
  return baseline
    .apply(file)
    .objects.flatMap(({ violations }) => violations.map(({ isAccepted }) => isAccepted === true));
}

function fileWith(object: Partial<ObjectResult>, violation: Partial<PlacedViolation> = {}): FileResult {
  return fileOf('a.yaml', {
    objects: [objectOf('a.yaml', { ...object, violations: [violationOf('a.yaml', violation)] })],
  });
}

describe('a baseline', () => {
  it('accepts the same result on another line', async () => {
    const baseline = await baselineOf(fileOf('a.yaml'));
    const place = { file: 'a.yaml', line: 99, column: 1, endLine: 99, endColumn: 2 };
    assert.deepEqual(acceptedOf(baseline, fileWith({ place }, { place })), [true]);
  });

  it('another file, object, namespace, container, rule or image is a new result', async () => {
    const others: readonly FileResult[] = [
      fileOf('b.yaml'),
      fileWith({ name: 'other' }),
      fileWith({ namespace: 'dev' }),
      fileWith({ namespace: undefined }),
      fileWith({ kind: 'Job' }),
      fileWith({}, { use: { ...USE, container: 'other' } }),
      fileWith({}, { use: { ...USE, image: 'nginx:latest' } }),
      fileWith({}, { rule: 'other' }),
      fileWith({}, { rule: undefined }),
      fileWith({}, { use: undefined }),
    ];
    for (const other of others)
      assert.deepEqual(acceptedOf(await baselineOf(fileOf('a.yaml')), other), [false], JSON.stringify(other));
  });

  it('counts equal results: one more is new, one less is gone', async () => {
    const twice = fileOf('a.yaml', { objects: [objectOf('a.yaml'), objectOf('a.yaml')] });
    const thrice = fileOf('a.yaml', { objects: [...twice.objects, objectOf('a.yaml')] });
    assert.deepEqual(acceptedOf(await baselineOf(twice), thrice), [true, true, false]);
    const baseline = await baselineOf(thrice);
    assert.deepEqual(acceptedOf(baseline, fileOf('a.yaml')), [true]);
    assert.deepEqual(
      baseline.goneBelow(['']).map(({ file, count }) => [file, count]),
      [['a.yaml', 2]],
    );
    assert.deepEqual(baseline.goneBelow(['b.yaml', 'a']), []);
  });

  it('accepts hostile names as they are', async () => {
    for (const name of HOSTILE_NAMES) {
      const file = fileWith({ name }, { use: { ...USE, container: name, image: name } });
      // A JSON file has no half of a surrogate pair; it comes back as an escape.
      assert.deepEqual(acceptedOf(await baselineOf(file), file), [true], name);
    }
  });

  it('a file that is no baseline is an error with its place', async () => {
    for (const [text, message] of [
      ['', /b\.json:1:1: it is empty/],
      ['{"version": 2, "accepted": []}', /b\.json:1:2: version: this value is not allowed here \(write 1\)/],
      ['{"version": 1, "accepted": [\n{"file": "a"}]}', /b\.json:2:1: accepted\.0\.object: it is missing/],
      ['{"version": 1, "accepted": [], "more": 1}', /b\.json:1:32: more: it is not a known key/],
      ['version: 1\naccepted: [\n', /b\.json:3:1: /],
    ] as const) {
      await using folder = await folderOf({ 'b.json': text });
      await assert.rejects(readBaseline(folder.file('b.json')), { code: 'BASELINE_INVALID', message });
    }
  });
});
