import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bouncer, folderOf } from '#test/command-line.ts';

/** A pod with the image `image`, as a document. */
function pod(name: string, image: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers:\n  - {name: web, image: ${image}}\n`;
}

describe('X08 one bad input hides no other', () => {
  it('a folder with two files that cannot be read: the others are judged, both are named, exit code 2', async () => {
    await using folder = await folderOf({
      'a.yaml': 'a: [',
      'b.yaml': pod('good', 'nginx:1.27'),
      'c.yaml': '- {{ .Values.x }}\n',
      'd.yaml': pod('bad', 'nginx'),
    });
    const { code, stdout, stderr } = await bouncer(['check', folder.file('.')]);
    assert.equal(code, 2);
    assert.match(stdout, /^refused {2}\S*d\.yaml:6:17 {2}Pod bad\n/);
    assert.match(stdout, /^2 objects, 2 images: 1 refused/m);
    assert.match(stderr, /^error: \S*a\.yaml:1:5: .*\nerror: \S*c\.yaml:1:4: .*\n$/);
  });

  it('paths that do not exist: the other paths are judged', async () => {
    await using folder = await folderOf({ 'd.yaml': pod('bad', 'nginx') });
    const paths = [folder.file('one.yaml'), folder.file('d.yaml'), folder.file('two')];
    const { code, stdout, stderr } = await bouncer(['check', ...paths]);
    assert.equal(code, 2);
    assert.match(stdout, /^1 object, 1 image: 1 refused/m);
    assert.match(
      stderr,
      /^error: \S*one\.yaml: it cannot be read: .*\nerror: \S*two: it cannot be read: .*\n$/,
    );
  });

  it('a document that cannot be read: the other documents of the file are judged', async () => {
    const stdin = [pod('one', 'nginx'), 'a: [\n', pod('two', 'nginx'), '- 1\n', pod('three', 'nginx')].join(
      '---\n',
    );
    const { code, stdout, stderr } = await bouncer(['check'], { stdin });
    assert.equal(code, 2);
    assert.deepEqual(
      [...stdout.matchAll(/^refused {2}(\S+) {2}(.*)$/gm)].map(([, place, object]) => [place, object]),
      [
        ['stdin:6:17', 'Pod one'],
        ['stdin:15:17', 'Pod two'],
        ['stdin:24:17', 'Pod three'],
      ],
    );
    assert.match(stderr, /^error: stdin:9:1: .*\nerror: stdin:17:1: this is not a Kubernetes object: .*\n$/);
  });

  it('an item of a list that is no object: the other items are judged', async () => {
    const item = (name: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    });
    const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [item('one'), 7, item('two')] });
    const { code, stdout, stderr } = await bouncer(['check'], { stdin });
    assert.equal(code, 2);
    assert.deepEqual([...stdout.matchAll(/Pod (one|two)$/gm)].length, 2);
    assert.match(stderr, /this is not a Kubernetes object/);
  });
});

describe('check: the results of a folder', () => {
  it('come in the order of the paths of the files, also below subfolders', async () => {
    const files = ['a-b.yaml', 'a.yaml', 'a/x.yaml', 'a/b/c.yml', 'ab/d.json', 'b.yaml'];
    await using folder = await folderOf(Object.fromEntries(files.map((file) => [file, pod('x', 'nginx')])));
    const { stdout } = await bouncer(['check', folder.file('.')]);
    const places = [...stdout.matchAll(/^refused {2}(\S+):6:17/gm)].map(([, file]) => file);
    assert.deepEqual(places, files.map((file) => folder.file(file)).toSorted());
  });
});
