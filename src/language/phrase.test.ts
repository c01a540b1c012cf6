import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quote } from '../image/quote.ts';
import { CHINESE } from './chinese.ts';
import { createCatalogue, gapsOf, inEnglish } from './catalogue.ts';
import { ENGLISH } from './english.ts';
import { objection } from './objection.ts';
import { isOneLine, oneLine } from './one-line.ts';
import { phrase, samePhrase } from './phrase.ts';

const inChinese = createCatalogue('zh', CHINESE).say;

describe('a phrase', () => {
  it('is rendered in the language of the catalogue, with its gaps filled', () => {
    const long = phrase('INVALID_REFERENCE.too-long', { length: 2000, max: 1024 });
    assert.equal(inEnglish(long), 'the reference has 2000 characters, more than 1024');
    assert.equal(inChinese(long), '镜像引用有 2000 个字符，超过上限 1024');
  });

  it('is one shared object if it has no gaps', () => {
    assert.equal(phrase('INVALID_REFERENCE.empty'), phrase('INVALID_REFERENCE.empty'));
  });

  it('K01 does not change a value that looks like a gap or like a replacement of a regular expression', () => {
    for (const text of ['{tag}', '{reason} {tag}', '$&', "$'", '$1', '{', '}', '{{tag}}', '%s', '\\u0041']) {
      const said = inEnglish(phrase('DISALLOWED_TAG.named', { tag: quote(text) }));
      assert.equal(said, `tag "${text}" is not allowed`);
    }
  });

  it('is rendered within another phrase in the same language', () => {
    const inner = phrase('DISALLOWED_TAG.named', { tag: quote('{why}') });
    const outer = phrase('UNCHANGED_VIOLATION.text', { why: inner });
    assert.equal(
      inEnglish(outer),
      'is unchanged, but new pods with it will be refused: tag "{why}" is not allowed',
    );
    assert.equal(inChinese(outer), '没有改动，但使用它的新 Pod 将被拒绝：不允许使用标签 "{why}"');
  });

  it('is the same as another if both have the same text in every language', () => {
    const tag = (text: string) => phrase('DISALLOWED_TAG.named', { tag: quote(text) });
    const kept = (text: string) => phrase('UNCHANGED_VIOLATION.text', { why: tag(text) });
    assert.ok(samePhrase(tag('a'), tag('a')));
    assert.ok(samePhrase(kept('a'), kept('a')));
    assert.ok(!samePhrase(tag('a'), tag('b')));
    assert.ok(!samePhrase(kept('a'), kept('b')));
    assert.ok(!samePhrase(tag('a'), phrase('DISALLOWED_TAG.implied', { tag: quote('a') })));
  });

  it('does not compile with an unknown gap, without a gap of its text, or with unquoted text', () => {
    // @ts-expect-error -- the gap is called tag
    phrase('DISALLOWED_TAG.named', { name: quote('x') });
    // @ts-expect-error -- the gap is not filled
    phrase('DISALLOWED_TAG.named', {});
    // @ts-expect-error -- there is no gap
    phrase('INVALID_REFERENCE.empty', { tag: quote('x') });
    // @ts-expect-error -- text that is not quoted
    phrase('DISALLOWED_TAG.named', { tag: 'x' });
    // @ts-expect-error -- no such sentence
    assert.ok(phrase('DISALLOWED_TAG.nonsense'));
  });
});

describe('an objection', () => {
  it('has code, reason and remedy of one key', () => {
    const { code, reason, remedy } = objection('AMBIGUOUS_REFERENCE.number', {
      component: quote('1.2'),
      name: quote('docker.io/1.2/x'),
    });
    assert.deepEqual(
      [code, inEnglish(reason), inEnglish(remedy)],
      [
        'AMBIGUOUS_REFERENCE',
        'first component 1.2 is a number, which some programs may read as an address',
        'write docker.io/1.2/x',
      ],
    );
  });
});

describe('the catalogues', () => {
  const catalogues = Object.entries({ ENGLISH, CHINESE });

  it('have the same keys and gaps; each text is one line and fits into a warning', () => {
    for (const [name, texts] of catalogues) {
      assert.deepEqual(Object.keys(texts), Object.keys(ENGLISH), name);
      for (const [key, text] of Object.entries(texts)) {
        const english = ENGLISH[key as keyof typeof ENGLISH];
        assert.deepEqual(gapsOf(text).toSorted(), gapsOf(english).toSorted(), `${name} ${key}`);
        assert.ok(isOneLine(text) && text.length > 0 && text.length <= 120, `${name} ${key}`);
      }
    }
  });

  it('contain clauses, which begin without a capital and end without a full stop', () => {
    for (const [key, text] of Object.entries(ENGLISH)) {
      if (/^[A-Z]/.test(key)) assert.match(text, /^(?:[a-z0-9"{]|AdmissionReview).*[^.\s]$/u, key);
    }
    for (const [key, text] of Object.entries(CHINESE)) {
      if (/^[A-Z]/.test(key)) assert.match(text, /[^。.\s]$/u, key);
    }
  });
});

describe('one line', () => {
  it('K01 keeps letters of every language and escapes characters that control a terminal or reorder text', () => {
    for (const text of ['检查镜像失败!', 'Ünïcödé 👍', 'می\u200cخواهم']) assert.equal(oneLine(text), text);
    assert.equal(oneLine('a\r\nb\u001b[31m'), 'a\\u000d\\u000ab\\u001b[31m');
    assert.equal(
      oneLine('\u009b\u2028\u2029\u202e\u2066\u200f'),
      '\\u009b\\u2028\\u2029\\u202e\\u2066\\u200f',
    );
    assert.equal(oneLine('\ud800x\udc00'), '\\ud800x\\udc00');
    assert.equal(oneLine('\u{e0041}'), '\\udb40\\udc41');
  });
});
