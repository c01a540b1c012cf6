import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ENGLISH } from './english.ts';
import { decodeCatalogue, missingKeys, TEXT_CHARACTERS } from './further-catalogue.ts';

/** The problems of a document, one line each, with their paths. */
function problemsOf(document: unknown): readonly string[] {
  const decoded = decodeCatalogue(document);
  if ('language' in decoded) return [];
  return decoded.map(({ path, message, hint }) => `${path.join(' ')}: ${message} (${hint})`);
}

const text = (key: string, value: unknown) => ({ language: 'de', messages: { [key]: value } });

describe('a further catalogue', () => {
  it('may have texts for some keys only, with the gaps of the English texts in any order', () => {
    const messages = {
      'INVALID_REFERENCE.too-long': 'mehr als {max} Zeichen, nämlich {length}',
      'words.next-place': ' ',
    };
    const decoded = decodeCatalogue({ language: 'de', messages });
    assert.deepEqual(decoded, { language: 'de', messages });
    assert.ok('language' in decoded);
    assert.equal(missingKeys(decoded).length, Object.keys(ENGLISH).length - 2);
  });

  it('may have texts for all keys', () => {
    assert.deepEqual(problemsOf({ language: 'en', messages: ENGLISH }), []);
  });

  for (const document of [undefined, null, [], 'x', 1]) {
    it(`is not ${JSON.stringify(document)}`, () => {
      assert.deepEqual(problemsOf(document), [
        ': this is not a catalogue (write the keys language and messages)',
      ]);
    });
  }

  const LONG = 'x'.repeat(TEXT_CHARACTERS + 1);
  const GAPS = 'its gaps are not those of the English text (write {tag}, each once, and no other braces)';
  const NO_GAPS =
    'its gaps are not those of the English text (the English text has no gaps; write no braces)';
  const CONTROL =
    'it has a control character (write one line, without line breaks, tabs and direction marks)';
  const UNKNOWN = 'there is no such message (docs/language.md has all keys)';
  for (const [key, value, problem] of [
    ['DISALLOWED_TAG.name', 'x', UNKNOWN],
    ['constructor', 'x', UNKNOWN],
    ['DISALLOWED_TAG.named', 'Tag "{name}" nicht erlaubt', GAPS],
    ['DISALLOWED_TAG.named', 'Tag nicht erlaubt', GAPS],
    ['DISALLOWED_TAG.named', '{tag}{tag}', GAPS],
    ['DISALLOWED_TAG.named', '{tag', GAPS],
    ['DISALLOWED_TAG.named', '{tag} }', GAPS],
    ['DISALLOWED_TAG.named', '{tag} {', GAPS],
    ['DISALLOWED_TAG.named', '{{tag}}', GAPS],
    ['INVALID_REFERENCE.empty', 'leer {}', NO_GAPS],
    ['INVALID_REFERENCE.empty', '', 'it is empty (leave it out to use the English text)'],
    ['INVALID_REFERENCE.empty', ' ', 'it is empty (leave it out to use the English text)'],
    ['INVALID_REFERENCE.empty', false, 'it is not text (write it in quotes)'],
    ['INVALID_REFERENCE.empty', null, 'it is not text (write it in quotes)'],
    ['INVALID_REFERENCE.empty', LONG, `it has more than ${TEXT_CHARACTERS} characters (shorten it)`],
    ['INVALID_REFERENCE.empty', 'leer\n', CONTROL],
    ['INVALID_REFERENCE.empty', '\u001b[31mleer', CONTROL],
    ['INVALID_REFERENCE.empty', 'leer\u202e', CONTROL],
    ['INVALID_REFERENCE.empty', 'leer\ud800', CONTROL],
  ] as const) {
    it(`K01 has no ${JSON.stringify(key)} that is ${JSON.stringify(value)?.slice(0, 40)}`, () => {
      assert.deepEqual(problemsOf(text(key, value)), [`messages ${key}: ${problem}`]);
    });
  }

  it('reports all its problems', () => {
    assert.deepEqual(problemsOf({ language: 'Deutsch', messages: [], author: 'me' }), [
      'author: "author" is not a key of a catalogue (the keys are language and messages)',
      'language: it is not a language tag (write a tag such as de or pt-BR)',
      'messages: it is not a map (write a text for each key)',
    ]);
  });
});
