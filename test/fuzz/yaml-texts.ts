import type { Random } from './random.ts';

/** Small documents that have every form of the language, one of each kind at least. */
const SEEDS: readonly [string, ...string[]] = [
  'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {app: "x y", v: \'1\'}}\nspec:\n  containers:\n  - name: web\n    image: nginx:1.27 # pinned\n    args: [sh, -c, "a b", \'c\', --x=1]\n    env:\n    - {name: V, value: "x"}\n  - image: ghcr.io/acme/app@sha256:abc\n    name: side\n',
  'a:\n  b:\n    - c: 1\n      d: true\n    -\n      e: null\n    - - f\n      - 1.5\n  g: ~\n  h:\ni: text with blanks\n',
  'kind: ConfigMap\ndata:\n  a.sh: |\n    #!/bin/sh\n    echo "x: y"\n\n    exit 0\n  b: |-\n    one\n      two\n  c: >\n    folded\n    text\n  d: |+\n    kept\n\nx: 1\n',
  '{"apiVersion": "v1", "kind": "List", "items": [{"a": 1, "b": [true, null, -2, 1e3]}, {"c": "\\u00e9\\n\\"", "d": {}}], "e": []}\n',
  'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations:\n    "a/b": \'it\'\'s\'\n    nginx.org/x: "1"\n  # note\nspec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n        - name: web\n          image: "registry.example.com:5000/a/b:1.0"\n          ports:\n          - containerPort: 80\n            protocol: TCP\n          command:\n          - sh\n          - -c\n          - |\n            run\n\n            it\n          env: []\n',
  'items:\n- a: {b: [c, {d: e}], f: "g"}\n  h: -1\n- - x\n  - y: 1.5\n    z: {}\n-  w:   v   # c\n- |-\n  t\n-\n  q: r\n- "s": [\n    1, 2\n    ]\n',
  '{\n  "a": {\n    "b": [\n      1,\n      "c"\n    ]\n  },\n  "d": -0.5\n}\n',
  '# comment\n---\na: &x {k: v}\nb: *x\nc:\n  <<: *x\n  d: !!str 1\n"e f": g\n\'h\': i\n? j\n: k\n',
  'a: "one\n  two"\nb: \'three\n\n  four\'\nc: five\n  six\nd: [1,\n  2]\ne: {a: b,\n  c: d}\n',
  'list:\n- a\n- b: c\n  d:\n  - e\n  - f: g\nnext: 0x1f\nocts: 0o17\nold: 017\nyes: no\nurl: http://a.b/c?d=e#f\ntime: 2024-01-01\nversion: 1.27.3\nport: 8080:80\n',
  '{\n  kind: Deployment,\n  spec: {\n    replicas: 1,\n    list: [ a, b: c, "d":e, ],\n  },\n}\n',
  'a: x\n--- # second\nb: y\n...\n--- {c: z}\n',
  'unicode: "größe"\nchinese: 镜像\nkey-ü: v\ntabs:\t1\nspace : 2\nempty: ""\n"": nothing\n',
];

const CHARACTERS: readonly [string, ...string[]] = [
  'é',
  ...' \n\t#:-?,[]{}&*!|>\'"%@`~<=.0x1eE+_yn\r/\\a\u00a0\u0085\u2028\ufeff'.split(''),
  '\n  ',
  ': ',
  ' #',
  '- ',
  '---\n',
  '...\n',
  '\n\n',
  '<<: ',
  '!!str ',
  '&a ',
  '*a',
  '"\n',
  '\\\n',
  '\r\n',
  '}{',
  'null',
  'true',
  '__proto__: ',
];

/** A text near the border of what readers of YAML accept: a small document with a few changes. */
export function yamlText(random: Random): string {
  let text = random.pick(SEEDS);
  for (let changes = random.below(4); changes > 0; changes -= 1) text = change(text, random);
  return text;
}

function change(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  switch (random.below(7)) {
    case 0:
      return text.slice(0, at) + random.pick(CHARACTERS) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + random.below(3));
    case 2:
      return text.slice(0, at) + random.pick(CHARACTERS) + text.slice(at + 1);
    case 3:
      return changeLine(text, random, (line) => ' '.repeat(1 + random.below(3)) + line);
    case 4:
      return changeLine(text, random, (line) => line.slice(line.startsWith('  ') ? 1 + random.below(2) : 1));
    case 5:
      return changeLine(text, random, (line) => `${line}\n${line}`);
    default: {
      const other = random.pick(SEEDS).split('\n');
      return changeLine(text, random, () => other[random.below(other.length)] ?? '');
    }
  }
}

function changeLine(text: string, random: Random, edit: (line: string) => string): string {
  const lines = text.split('\n');
  const index = random.below(lines.length);
  return lines.with(index, edit(lines[index] ?? '')).join('\n');
}
