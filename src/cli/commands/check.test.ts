import assert from 'node:assert/strict';
import { symlink, truncate } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { ruleText } from '#test/bad-policies.ts';
import { bouncer, folderOf, type Outcome } from '#test/command-line.ts';

const GOOD =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: good}\nspec:\n  containers:\n  - {name: web, image: nginx:1.27}\n';
const BAD =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec:\n  containers:\n  - name: web\n    image: nginx\n';
const DEPLOYMENT =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: prod}\nspec: {template: {spec: {containers: [{name: a, image: a:1}, {name: b, image: b}]}}}\n';

/** Checks one text on standard input. */
function checkText(stdin: string, ...args: readonly string[]): Promise<Outcome> {
  return bouncer(['check', ...args], { stdin });
}

interface CheckJson {
  readonly objects: readonly {
    readonly place: string;
    readonly object: string;
    readonly namespace: string | null;
    readonly verdict: string;
    readonly images: readonly unknown[];
    readonly violations: readonly Readonly<Record<string, unknown>>[];
  }[];
  readonly refused: number;
}

async function checkJson(stdin: string, ...args: readonly string[]): Promise<CheckJson> {
  const { stdout } = await checkText(stdin, '--output', 'json', ...args);
  return JSON.parse(stdout) as CheckJson;
}

describe('check: exit codes', () => {
  it('0 when nothing is refused, in one line', async () => {
    assert.deepEqual(await checkText(GOOD), {
      code: 0,
      stdout: '1 object, 1 image: 0 refused\n',
      stderr: '',
    });
  });

  it('1 when something is refused, with the place of the image', async () => {
    const { code, stdout, stderr } = await checkText(`${GOOD}---\n${BAD}`);
    assert.deepEqual([code, stderr], [1, '']);
    assert.deepEqual(stdout.split('\n'), [
      'refused  stdin:14:5  Pod bad',
      '         Images using latest tag are not allowed: nginx at spec.containers[0].image (container "web"): no tag means tag "latest", which is not allowed [rule no-latest]; name a fixed version or a digest',
      '2 objects, 2 images: 1 refused',
      '',
    ]);
  });

  it('0 if rules only warn and audit; the violations are printed', async () => {
    for (const [action, word] of [
      ['Warn', 'warned  '],
      ['Audit', 'audited '],
    ] as const) {
      await using folder = await folderOf({
        'policy.yaml': ruleText('requiredDigest: {}', `validationActions: [${action}]`),
      });
      const { code, stdout } = await checkText(GOOD, '--policy', folder.file('policy.yaml'));
      assert.equal(code, 0);
      assert.ok(stdout.startsWith(`${word} stdin:6:17  Pod good\n`), stdout);
    }
  });

  it('2 when it could not run, without a stack trace', async () => {
    await using folder = await folderOf({
      'broken.yaml': 'a: [',
      'policy.yaml': 'a: 1',
      'secret/x.yaml': GOOD,
    });
    const table: readonly (readonly [string[], RegExp])[] = [
      [['/dev/zero'], /^error: \/dev\/zero: input has more than 33554432 bytes/],
      [['absent.yaml'], /^error: \S*absent\.yaml: it cannot be read: ENOENT/],
      [['broken.yaml'], /^error: \S*broken\.yaml:1:5: /],
      [['broken.yaml', '--policy', 'absent.yaml'], /^error: \S*absent\.yaml: the policy cannot be read/],
      [['broken.yaml', '--policy', 'policy.yaml'], /^error:\n\S*policy\.yaml:1:1: apiVersion: it is missing/],
    ];
    for (const [args, message] of table) {
      const paths = args.map((arg) => (arg.endsWith('.yaml') ? folder.file(arg) : arg));
      const { code, stdout, stderr } = await bouncer(['check', ...paths]);
      assert.equal(code, 2);
      assert.doesNotMatch(stdout, /refused  /);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at /);
    }
  });

  it('2 for a document that is not an object, with its position', async () => {
    for (const [text, place] of [
      ['a: 1\n', '1:1'],
      [`${GOOD}---\n\n- 1\n`, '9:1'],
      ['kind: Pod\n', '1:1'],
      ['apiVersion: v1\nkind: List\nitems:\n- {a: 1}\n', '4:3'],
      ['"text"', '1:1'],
    ] as const) {
      const { code, stderr } = await checkText(text);
      assert.deepEqual(
        [code, stderr],
        [2, `error: stdin:${place}: this is not a Kubernetes object: it has no apiVersion or no kind\n`],
      );
    }
  });

  it('2 for bytes that are not UTF-8', async () => {
    const stdin = [Buffer.from('apiVersion: v1\n# '), Uint8Array.of(0xff)];
    const { code, stderr } = await bouncer(['check'], { stdin });
    assert.deepEqual(
      [code, stderr],
      [2, 'error: stdin:2:3: these bytes are not UTF-8 (save the file as UTF-8)\n'],
    );
  });

  it('2 for input above the size limit, from a file and from standard input', async () => {
    await using folder = await folderOf({ 'large.yaml': '' });
    await truncate(folder.file('large.yaml'), 32 * 1024 * 1024 + 1);
    const file = await bouncer(['check', folder.file('large.yaml')]);
    assert.deepEqual(
      [file.code, file.stderr],
      [2, `error: ${folder.file('large.yaml')}: input has more than 33554432 bytes\n`],
    );
    const mebibyte = Buffer.alloc(1024 * 1024, '#');
    const stdin = await bouncer(['check', '-'], { stdin: Array.from({ length: 33 }, () => mebibyte) });
    assert.deepEqual([stdin.code, stdin.stderr], [2, 'error: stdin: input has more than 33554432 bytes\n']);
  });
});

describe('check: the sources of manifests', () => {
  it('standard input, without arguments and as -', async () => {
    assert.equal((await bouncer(['check'], { stdin: BAD })).code, 1);
    assert.equal((await bouncer(['check', '-'], { stdin: BAD })).code, 1);
    assert.equal((await bouncer(['check'], { stdin: '' })).stdout, '0 objects, 0 images: 0 refused\n');
  });

  it('files and folders, in the order of the arguments; a folder is sorted by name and has subfolders', async () => {
    await using folder = await folderOf({
      'one.yaml': GOOD,
      'tree/b.yml': BAD,
      'tree/a/c.JSON': JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'c' },
        spec: { containers: [{ name: 'x', image: 'x' }] },
      }),
      'tree/values.yaml': 'image: nginx\n',
      'tree/README.md': 'image: {{',
      'tree/empty.yaml': '# nothing\n',
    });
    const { objects } = await checkJson('', folder.file('tree'), folder.file('one.yaml'));
    assert.deepEqual(
      objects.map(({ place, verdict }) => `${place.slice(folder.path.length + 1)} ${verdict}`),
      ['tree/a/c.JSON:1:1 refused', 'tree/b.yml:1:1 refused', 'one.yaml:1:1 admitted'],
    );
  });

  it('a file in the arguments must contain objects; a file in a folder may contain none', async () => {
    await using folder = await folderOf({ 'a.yaml': GOOD, 'values.yaml': 'image: nginx\n' });
    assert.equal((await bouncer(['check', folder.path])).code, 0);
    assert.equal((await bouncer(['check', folder.file('values.yaml')])).code, 2);
  });

  it('a syntax error is reported also for a file in a folder', async () => {
    await using folder = await folderOf({ 'a.yaml': GOOD, 'z.yaml': 'a: {[b]: c}\n' });
    const { code, stderr } = await bouncer(['check', folder.path]);
    assert.equal(code, 2);
    assert.match(stderr, /z\.yaml:1:5: a key is not plain text/);
  });

  it('a link to a folder with the name of a file is an error, and is not followed forever', async () => {
    await using folder = await folderOf({ 'a.yaml': GOOD });
    await symlink(folder.path, folder.file('loop.yaml'));
    const { code, stderr } = await bouncer(['check', folder.path]);
    assert.equal(code, 2);
    assert.match(stderr, /loop\.yaml: it cannot be read: EISDIR/);
  });
});

describe('check: the content of manifests', () => {
  it('every object of a list, and of nested lists, has its own position', async () => {
    const text =
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - apiVersion: v1\n    kind: Pod\n    metadata: {name: inner}\n    spec:\n      containers:\n      - image: nginx\n';
    const { objects, refused } = await checkJson(text);
    assert.equal(refused, 1);
    assert.deepEqual(
      objects.map(({ place, object, violations }) => [
        place,
        object,
        violations.map((violation) => violation['place']),
      ]),
      [['stdin:7:5', 'Pod inner', ['stdin:12:9']]],
    );
  });

  it('lists that are nested too deeply are refused', async () => {
    const nested = Array.from({ length: 9 }).reduce<object>(
      (inner) => ({ apiVersion: 'v1', kind: 'List', items: [inner] }),
      { apiVersion: 'v1', kind: 'Pod' },
    );
    const { code, stderr } = await checkText(JSON.stringify(nested));
    assert.equal(code, 2);
    assert.match(stderr, /lists are nested more than 8 levels deep/);
  });

  it('an empty list contains nothing to judge, and a list without items is refused', async () => {
    assert.equal((await checkText('{apiVersion: v1, kind: List, items: []}')).code, 2);
    assert.equal((await checkText('{apiVersion: v1, kind: PodList}')).code, 1);
  });

  it('every image of a workload has its position', async () => {
    const { stdout } = await checkText(DEPLOYMENT);
    assert.match(
      stdout,
      /^refused {2}stdin:4:72 {2}Deployment web\n.*spec\.template\.spec\.containers\[1\]\.image \(container "b"\)/,
    );
  });

  it('a custom resource is read with the paths of the policy, and rules match its resource', async () => {
    const spec = 'spec: {template: {spec: {containers: [{name: a, image: "a:1"}]}}, "odd key": {image: b}}';
    const rollout = `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\n${spec}\n`;
    const other = `apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n${spec}\n`;
    const own =
      'customResources: [{resource: widgets.example.com, kind: Widget, images: [{image: "spec.*.image"}]}]';
    const rule = ruleText(
      'match: {resources: [rollouts.argoproj.io, widgets.example.com]}',
      'requiredDigest: {}',
    );
    const policy = rule.replace('Deny', 'Allow').replace('  rules:', `  ${own}\n  rules:`);
    await using folder = await folderOf({ 'policy.yaml': policy });
    const option = ['--policy', folder.file('policy.yaml')];
    const { code, stdout } = await checkText(`${rollout}---\n${other}`, ...option);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^refused  stdin:4:\d+  Rollout web\n.*digest/);
    assert.match(stdout, /2 objects, 2 images: 2 refused\n$/);
    const { objects } = await checkJson(other, ...option);
    assert.equal(objects[0]?.violations[0]?.['place'], `stdin:4:${spec.indexOf('image: b}') + 1}`);
    assert.deepEqual(objects[0]?.images, [
      { field: 'spec["odd key"].image', usage: 'container', container: 'odd key', image: 'b' },
    ]);
  });

  it('an object of a kind without images is ignored', async () => {
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {image: nginx}\n';
    assert.deepEqual(await checkText(text), {
      code: 0,
      stdout: '1 object, 0 images: 0 refused\n',
      stderr: '',
    });
  });

  it('a workload that cannot be read is refused, not ignored', async () => {
    const { code, stdout } = await checkText(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: nginx}\n',
    );
    assert.equal(code, 1);
    assert.match(stdout, /^refused {2}stdin:4:8 {2}Pod x\n.*MALFORMED_OBJECT/);
  });

  it('a placeholder in a template is a note, and refuses nothing', async () => {
    const { code, stdout } = await checkText(DEPLOYMENT.replace('image: b', 'image: "$(image)"'));
    assert.equal(code, 0);
    assert.match(stdout, /^note {5}stdin:4:72 {2}Deployment web\n.*is a placeholder/);
  });

  it('the content of a merge key is judged, as kubectl would send it', async () => {
    const text =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: m}\nbase: &b\n  initContainers: [{name: i, image: evil}]\nspec:\n  <<: *b\n  containers: [{name: a, image: a:1}]\n';
    const { code, stdout } = await checkText(text);
    assert.equal(code, 1);
    assert.match(stdout, /evil at spec\.initContainers\[0\]\.image/);
  });

  it('names with control characters are printed as text', async () => {
    const { stdout } = await checkText(
      String.raw`{apiVersion: v1, kind: Pod, metadata: {name: "a\e[31m\nb"}, spec: {containers: [{name: "\e", image: "x\ny"}]}}`,
    );
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /[^\x20-\x7e]/);
    assert.match(stdout, /Pod a\\u001b\[31m\\u000ab/);
  });
});
