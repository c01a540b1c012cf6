import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderYaml, renderYamlStream } from './render.ts';
import { parseDocuments } from './yaml.ts';

describe('rendering', () => {
  it('quotes a text that another YAML reader would read differently', () => {
    const value = { country: 'no', port: '443', empty: '', at: '@x', long: 'word '.repeat(40).trim() };
    assert.deepEqual(parseDocuments(renderYaml(value), 'x')[0]?.value, value);
    assert.match(renderYaml(value), /^long: (word ?){40}$/m);
  });

  it('writes a value that is used twice without an alias', () => {
    const shared = { a: 1 };
    assert.equal(renderYaml({ x: shared, y: shared }), 'x:\n  a: 1\ny:\n  a: 1\n');
  });

  it('writes characters that end a line for some readers as escapes', () => {
    const value = { 'k\u2028': 'a\u0085b\u2028c\n', l: ['\u2029', 'x\ry\r\n'] };
    assert.equal(
      renderYaml(value),
      '"k\\u2028": "a\\u0085b\\u2028c\\n"\nl:\n  - "\\u2029"\n  - "x\\ry\\r\\n"\n',
    );
    assert.deepEqual(parseDocuments(renderYaml(value), 'x')[0]?.value, value);
  });

  it('XH13 writes characters that a terminal obeys, or that hide or reorder letters, as escapes', () => {
    const value = { 'k\u009b': 'a\u202eb\u0085c\n\u200f', plain: 'é\u200d検' };
    assert.equal(renderYaml(value), '"k\\u009b": "a\\u202eb\\u0085c\\n\\u200f"\nplain: é\u200d検\n');
    assert.deepEqual(parseDocuments(renderYaml(value), 'x')[0]?.value, value);
  });

  it('separates the documents of a stream', () => {
    assert.equal(renderYamlStream([{ a: 1 }, { b: 2 }]), 'a: 1\n---\nb: 2\n');
  });
});
