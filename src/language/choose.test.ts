import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseCatalogue, stopgapOf } from './choose.ts';
import type { FurtherCatalogue } from './further-catalogue.ts';
import { phrase } from './phrase.ts';

const EMPTY = phrase('INVALID_REFERENCE.empty');
const MISSING = phrase('DIGEST_REQUIRED.missing');

const GERMAN: FurtherCatalogue = {
  language: 'de',
  messages: { 'INVALID_REFERENCE.empty': 'die Referenz ist leer' },
};
const TAIWAN: FurtherCatalogue = {
  language: 'zh-TW',
  messages: { 'INVALID_REFERENCE.empty': '映像檔參照為空' },
};

/** Two sentences in a language. The further catalogues of this file do not have the second one. */
function saidIn(language: string | undefined, further?: FurtherCatalogue): readonly string[] {
  const { say } = chooseCatalogue(language, further).catalogue;
  return [say(EMPTY), say(MISSING)];
}

const ENGLISH = ['the reference is empty', 'the image is not pinned by a digest'];
const CHINESE = ['镜像引用为空', '镜像没有用摘要固定'];

describe('a language', () => {
  for (const [language, expected] of [
    [undefined, ENGLISH],
    ['en', ENGLISH],
    ['en-GB', ENGLISH],
    ['zh', CHINESE],
    ['ZH', CHINESE],
    ['zh-CN', CHINESE],
    ['zh-Hans-CN', CHINESE],
  ] as const) {
    it(`flip: ${language ?? 'none'} is ${expected === CHINESE ? 'Chinese' : 'English'}`, () => {
      assert.deepEqual(saidIn(language), expected);
      assert.equal(chooseCatalogue(language).instead, undefined);
    });
  }

  it('without a catalogue is English, with the list of catalogues', () => {
    for (const language of ['fr', 'z', 'zho', '', '-', 'zh_CN', '../../etc/passwd', '__proto__']) {
      assert.deepEqual(saidIn(language), ENGLISH);
      assert.deepEqual(chooseCatalogue(language).instead, ['en', 'zh']);
    }
    assert.deepEqual(chooseCatalogue('fr', GERMAN).instead, ['en', 'zh', 'de']);
  });

  it('of a further catalogue has the texts of that catalogue, and English texts for the missing ones', () => {
    const expected = ['die Referenz ist leer', ENGLISH[1]];
    for (const language of ['de', 'de-AT', undefined]) assert.deepEqual(saidIn(language, GERMAN), expected);
    assert.deepEqual(saidIn('zh', GERMAN), CHINESE);
    assert.equal(stopgapOf(GERMAN), 'en');
  });

  it('of a further catalogue has priority over a catalogue of the product, which replaces the missing texts', () => {
    assert.deepEqual(saidIn('zh-TW', TAIWAN), ['映像檔參照為空', CHINESE[1]]);
    assert.deepEqual(saidIn('zh-CN', TAIWAN), CHINESE, 'a catalogue for zh-TW is not used for zh-CN');
    assert.deepEqual(saidIn('zh-CN', { ...TAIWAN, language: 'zh' }), ['映像檔參照為空', CHINESE[1]]);
    assert.equal(stopgapOf(TAIWAN), 'zh');
  });
});
