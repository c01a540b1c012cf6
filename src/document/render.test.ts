import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderYaml, renderYamlStream } from './render.ts';
import { parseDocuments } from './yaml.ts';

describe('rendering', () => {
  it('quotes what another reader of YAML would take for something else', () => {
    const value = { country: 'no', port: '443', empty: '', at: '@x', long: 'word '.repeat(40).trim() };
    assert.deepEqual(parseDocuments(renderYaml(value), 'x')[0]?.value, value);
    assert.match(renderYaml(value), /^long: (word ?){40}$/m);
  });

  it('writes out what is used twice, for an alias hides it', () => {
    const shared = { a: 1 };
    assert.equal(renderYaml({ x: shared, y: shared }), 'x:\n  a: 1\ny:\n  a: 1\n');
  });

  it('parts the documents of a stream', () => {
    assert.equal(renderYamlStream([{ a: 1 }, { b: 2 }]), 'a: 1\n---\nb: 2\n');
  });
});
