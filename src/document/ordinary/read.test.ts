import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fuzz } from '../../../test/fuzz/target.ts';
import { compareReaders, ordinaryYaml } from '../../../test/fuzz/ordinary-yaml.ts';
import { readOrdinary } from './read.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The documents of all YAML and JSON files below a folder. */
function documentsBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(({ name }) => /\.(ya?ml|json)$/.test(name))
    .flatMap(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8').split(/^---$/m));
}

describe('the reader of ordinary YAML and the exact reader', () => {
  it('agree about generated texts, value and places', () => {
    const { outcomes, find } = fuzz(ordinaryYaml, { seed: 11, cases: 4000 });
    assert.equal(find, undefined, find && `${JSON.stringify(find.input)}: ${String(find.error)}`);
    assert.ok((outcomes.get('read') ?? 0) > 400, 'the texts are too odd');
  });

  it('agree about every manifest of this repository, and most are ordinary', () => {
    const documents = ['examples', 'test/custom-resources', 'test/recordings'].flatMap(documentsBelow);
    const outcomes = documents.map(compareReaders);
    const read = outcomes.filter((outcome) => outcome !== 'left to the exact reader').length;
    assert.ok(read / documents.length > 0.8, `${read} of ${documents.length}`);
  });
});

describe('the reader of ordinary YAML leaves to the exact reader', () => {
  const texts = {
    'anchors and aliases': 'a: &x 1\nb: *x\n',
    'merge keys': 'a:\n  <<: {b: 1}\n',
    'a quoted merge key': '"<<": {b: 1}\n',
    tags: 'a: !!str 1\n',
    'equal keys': 'a: 1\na: 2\n',
    'equal keys in braces': 'a: {b: 1, "b": 2}\n',
    'keys that are not text': '1: a\n',
    'keys that are not text for kubectl': 'null: a\n',
    'the key of the prototype': '__proto__: {a: 1}\n',
    'the key of the prototype in braces': '{"__proto__": {"a": 1}}',
    'numbers that readers read differently': 'a: 017\n',
    'numbers that are not exact': 'a: 12345678901234567890\n',
    infinity: 'a: .inf\n',
    'folded text': 'a: >\n  b\n',
    'text on two lines': 'a: b\n  c\n',
    'quoted text on two lines': 'a: "b\n  c"\n',
    'a line of text that is not indented enough': 'a: [b,\nc]\n',
    'comments in brackets': 'a: [b, # c\n  d]\n',
    'question marks': '? a\n: b\n',
    'a second document': 'a: 1\n--- \nb: 2\n',
    'the end of a document': 'a: 1\n...\n',
    directives: '%YAML 1.1\n---\na: 1\n',
    tabs: 'a:\t1\n',
    'carriage returns': 'a: 1\r\n',
    'U+2028': 'a: "\u2028"\n',
    'U+0085': 'a: 1 # \u0085b: 2\n',
    'a byte order mark': '\ufeffa: 1\n',
    'half of a pair': 'a: "\ud800"\n',
    'a half of a pair that is escaped': 'a: "\\ud800"\n',
    'a scalar': 'text\n',
    'a wrong indentation': 'a:\n    b: 1\n  c: 2\n',
    'text behind a quote': 'a: "b" c\n',
    'a comment without a space': 'a: "b"#c\n',
    'two objects': '{"a": 1} {"b": 2}',
    'a bracket that is not closed': '[1, 2',
    'deep nesting': `${'['.repeat(300)}${']'.repeat(300)}`,
  };
  for (const [what, text] of Object.entries(texts))
    it(what, () => assert.equal(readOrdinary(text), undefined));
});

it('the reader of ordinary YAML reads in linear time', () => {
  const items = (count: number): string => `a:\n${'- {b: c, d: [e, "f"]} # g\n'.repeat(count)}`;
  const time = (count: number): number => {
    const text = items(count);
    const { user } = process.threadCpuUsage();
    readOrdinary(text)?.spanOf(['a', count - 1]);
    return process.threadCpuUsage().user - user;
  };
  time(2000);
  const short = Math.max(time(4000), time(4000), 1000);
  const long = Math.min(time(64_000), time(64_000));
  assert.ok(long < 60 * short, `${long} µs, ${short} µs`);
});
