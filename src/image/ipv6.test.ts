import assert from 'node:assert/strict';
import test from 'node:test';

import { canonicalIPv6 } from './ipv6.ts';

// RFC 5952, sections 2 and 4.
const SPELLINGS = {
  '::': '::',
  '::1': '::1',
  '1::': '1::',
  '0:0:0:0:0:0:0:0': '::',
  '2001:0db8::0001': '2001:db8::1',
  '2001:db8:0:0:0:0:2:1': '2001:db8::2:1',
  '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
  '2001:db8::1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
  '2001:0:0:1:0:0:0:1': '2001:0:0:1::1',
  '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
  '2001:DB8::AAAA': '2001:db8::aaaa',
  '1:2:3:4:5:6:7::': '1:2:3:4:5:6:7:0',
};

test('the canonical spelling of an address is that of RFC 5952', () => {
  for (const [text, canonical] of Object.entries(SPELLINGS)) {
    assert.equal(canonicalIPv6(text), canonical, text);
    assert.equal(canonicalIPv6(canonical), canonical, canonical);
    // URL is an independent implementation. The two agree outside ::ffff:0:0/96.
    assert.equal(new URL(`http://[${text}]`).hostname, `[${canonical}]`);
  }
});

test('a text that is not an address has no canonical spelling', () => {
  for (const text of [
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    ':1::',
    '1:2:3:4:5:6:7::8',
    'g::',
    '::1:',
  ]) {
    assert.equal(canonicalIPv6(text), undefined, text);
  }
});
