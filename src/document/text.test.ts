import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeUtf8 } from './text.ts';
import { DocumentError } from './yaml.ts';

test('UTF-8 is decoded without its byte order mark', () => {
  assert.equal(decodeUtf8(Buffer.from('\uFEFFa: 检查 🚀 \uFFFD\n'), 'f'), 'a: 检查 🚀 \uFFFD\n');
  assert.equal(decodeUtf8(new Uint8Array(), 'f'), '');
});

const BAD: Readonly<Record<string, readonly [bytes: readonly number[], place: string]>> = {
  'a stray continuation': [[0x80], '1:1'],
  'a Latin-1 letter': [[...Buffer.from('a: 1\nb: caf'), 0xe9, 0x0a], '2:7'],
  'a cut character': [[...Buffer.from('a\n'), 0xe6, 0xa3], '2:1'],
  'an overlong slash': [[...Buffer.from('/ '), 0xc0, 0xaf], '1:3'],
  'a surrogate': [[...Buffer.from('检'), 0xed, 0xa0, 0x80], '1:2'],
  'UTF-16': [[0xff, 0xfe, 0x61, 0x00], '1:1'],
};

for (const [what, [bytes, place]] of Object.entries(BAD)) {
  test(`${what} is refused with its position`, () => {
    assert.throws(
      () => decodeUtf8(Uint8Array.from(bytes), 'f'),
      (error) =>
        error instanceof DocumentError &&
        error.message === `f:${place}: these bytes are not UTF-8 (save the file as UTF-8)`,
    );
  });
}
