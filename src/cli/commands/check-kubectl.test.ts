import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bouncer, folderOf } from '#test/command-line.ts';

/** A pod that the default policy refuses, on one line. */
const BAD =
  '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"bad"},"spec":{"containers":[{"name":"a","image":"nginx:latest"}]}}';
const SPEC = '{containers: [{name: a, image: "nginx:latest"}]}';
const CONFIG = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n';

interface Objects {
  readonly objects: readonly {
    readonly place: string;
    readonly object: string;
    readonly verdict: string;
    readonly violations: readonly { readonly place: string }[];
  }[];
}

/** Each object of a text with its position and verdict, and the position of each violation. */
async function verdicts(stdin: string): Promise<string[]> {
  const { stdout, stderr } = await bouncer(['check', '--output', 'json'], { stdin });
  assert.equal(stderr, '');
  return (JSON.parse(stdout) as Objects).objects.map(({ place, object, verdict, violations }) =>
    [place, object, verdict, ...violations.map((violation) => violation.place)].join(' '),
  );
}

describe('check: an object with items is a list, as in kubectl', () => {
  it('also if its kind is not a list; then the object itself is judged too', async () => {
    assert.deepEqual(await verdicts(`${CONFIG}items:\n- ${BAD}\n`), [
      'stdin:1:1 ConfigMap x admitted',
      'stdin:5:3 Pod bad refused stdin:5:95',
    ]);
    assert.deepEqual(
      await verdicts(`apiVersion: v1\nkind: Pod\nmetadata: {name: outer}\nspec: ${SPEC}\nitems:\n- ${BAD}\n`),
      ['stdin:1:1 Pod outer refused stdin:4:31', 'stdin:6:3 Pod bad refused stdin:6:95'],
    );
  });

  it('but not if the items have another name or are in a deeper field', async () => {
    assert.deepEqual(await verdicts(`${CONFIG}Items:\n- ${BAD}\ndata: {items: [${BAD}]}\n`), [
      'stdin:1:1 ConfigMap x admitted',
    ]);
  });

  it('and an item without a type has the type in the name of the list', async () => {
    const pods = `items:\n- metadata: {name: bare}\n  spec: ${SPEC}\n- {kind: "", apiVersion: null, spec: ${SPEC}}\n- ${BAD}\n`;
    assert.deepEqual(await verdicts(`apiVersion: v1\nkind: PodList\n${pods}`), [
      'stdin:4:3 Pod bare refused stdin:5:33',
      'stdin:6:3 Pod refused stdin:6:62',
      'stdin:7:3 Pod bad refused stdin:7:95',
    ]);
    const good =
      'apiVersion: v1\nkind: PodList\nitems:\n- spec: {containers: [{name: a, image: "nginx:1"}]}\n';
    assert.deepEqual(await verdicts(good), ['stdin:4:3 Pod admitted']);
  });

  it('but an item with half of a type, or an item without a type in a List, is an error', async () => {
    for (const [kind, item] of [
      ['PodList', `{kind: Pod, spec: ${SPEC}}`],
      ['PodList', `{apiVersion: v1, spec: ${SPEC}}`],
      ['PodList', 'text'],
      ['PodList', 'null'],
      ['List', `{spec: ${SPEC}}`],
    ] as const) {
      const stdin = `apiVersion: v1\nkind: ${kind}\nitems:\n- ${item}\n`;
      const { code, stderr } = await bouncer(['check'], { stdin });
      assert.equal(code, 2, item);
      assert.match(stderr, /^error: stdin:4:3: this is not a Kubernetes object/, item);
    }
  });
});

describe('check: every object of a folder that kubectl would send is judged', () => {
  const table: Readonly<Record<string, readonly [text: string, outcome: RegExp]>> = {
    'behind a byte order mark': [`${CONFIG}---\n\uFEFF${BAD}\n`, /a\.yaml:5:1: character U\+FEFF/],
    'behind a comment that ends sooner': [`# x\u2028kind: Pod\n`, /a\.yaml:1:4: character U\+2028/],
    'behind a line that parts documents': [
      `null\n---#\n${BAD}\n`,
      /a\.yaml:2:1: this line separates documents/,
    ],
    'behind a space that makes JSON a text': [`\u00A0${BAD}`, /a\.yaml:1:1: the text begins with a space/],
    'in a list without apiVersion': [
      `kind: List\nitems:\n- ${BAD}\n`,
      /refused {2}\S*a\.yaml:3:95 {2}Pod bad/,
    ],
    'in a list whose apiVersion is empty': [
      `apiVersion: ""\nkind: List\nitems:\n- ${BAD}\n`,
      /refused {2}\S*a\.yaml:4:95 {2}Pod bad/,
    ],
    'behind a question mark in braces': [
      'apiVersion: v1\nkind: Pod\nspec: {containers: [], ?initContainers: [{name: a, image: nginx}]}\n',
      /a\.yaml:3:24: text in brackets begins with "\?"/,
    ],
    'behind a tag and a comma': [
      'apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: !!null, nginx}]}\n',
      /a\.yaml:3:44: a tag has no value/,
    ],
    'behind a merge that replaces what stands there': [
      `${CONFIG}<<: ${BAD.replace('"kind"', 'kind')}\n`,
      /a\.yaml:4:1: this merge replaces the key "apiVersion"/,
    ],
  };
  for (const [title, [text, outcome]] of Object.entries(table)) {
    it(title, async () => {
      await using folder = await folderOf({ 'a.yaml': text });
      const { code, stdout, stderr } = await bouncer(['check', folder.path]);
      assert.notEqual(code, 0);
      assert.match(stdout + stderr, outcome);
    });
  }

  it('and a document without a kind is skipped, because kubectl refuses it', async () => {
    await using folder = await folderOf({ 'values.yaml': `image: nginx\nitems: [${BAD}]\n` });
    assert.equal((await bouncer(['check', folder.path])).stdout, '0 objects, 0 images: 0 refused\n');
  });
});

describe('check: several objects in one text', () => {
  it('XH14 are judged in JSON, where they need nothing between them, as in kubectl', async () => {
    for (const between of ['', ' ', '\n', '\r\n\t']) {
      const stdin = `${BAD}${between}${BAD}\n${BAD}\n`;
      assert.deepEqual((await verdicts(stdin)).length, 3, JSON.stringify(between));
    }
    assert.deepEqual(
      (await verdicts(`{"kind":"ConfigMap",\n"apiVersion":"v1"} ${BAD}\n  ${BAD}`)).map(
        (line) => line.split(' ')[0],
      ),
      ['stdin:1:1', 'stdin:2:20', 'stdin:3:3'],
    );
  });

  it('XH14 are refused in YAML, and in JSON beside something else', async () => {
    const map = '{kind: ConfigMap, apiVersion: v1}';
    for (const [stdin, place] of [
      [`${map}${map}`, '1:34'],
      [`${map}\n${map}`, '2:1'],
      [`${BAD}\n# x\n${BAD}`, '3:1'],
      [`${BAD},${BAD}`, '1:1'],
      [`${BAD} x`, '1:1'],
    ] as const) {
      const { code, stderr } = await bouncer(['check'], { stdin });
      assert.equal(code, 2, stdin);
      assert.match(stderr, new RegExp(`^error: stdin:${place}`), stdin);
    }
  });

  it('are judged after "---" with a comment, after "..." and after a directive', async () => {
    for (const between of ['--- # x', '---', '...', '...\n%YAML 1.1\n---']) {
      const objects = await verdicts(`${CONFIG}${between}\n${BAD}\n`);
      assert.match(objects[1] ?? '', /Pod bad refused/, between);
    }
  });
});
