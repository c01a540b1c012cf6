import assert from 'node:assert/strict';
import { truncate } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { folderOf } from '#test/command-line.ts';
import { readMessages } from './language.ts';

/** The error for a file with this text. */
async function refusalOf(text: string): Promise<{ readonly code: unknown; readonly message: string }> {
  await using folder = await folderOf({ 'de.yaml': text });
  const file = folder.file('de.yaml');
  try {
    await readMessages(file);
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error);
    return { code: error.code, message: error.message.replaceAll(file, 'de.yaml') };
  }
  return assert.fail('it is read');
}

describe('a file of messages', () => {
  it('is YAML or JSON', async () => {
    await using folder = await folderOf({
      'de.yaml': 'language: de\nmessages:\n  INVALID_REFERENCE.empty: die Referenz ist leer\n',
      'de.json': '{"language": "de", "messages": {"INVALID_REFERENCE.empty": "die Referenz ist leer"}}',
    });
    const expected = {
      language: 'de',
      messages: { 'INVALID_REFERENCE.empty': 'die Referenz ist leer' },
    };
    assert.deepEqual(await readMessages(folder.file('de.yaml')), expected);
    assert.deepEqual(await readMessages(folder.file('de.json')), expected);
  });

  it('is refused with the line and column of each problem', async () => {
    const text =
      'language: de\nmessages:\n  INVALID_REFERENCE.empty: leer\n  DISALLOWED_TAG.named: verboten\n  X.y: z\n';
    const { code, message } = await refusalOf(text);
    assert.equal(code, 'MESSAGES_INVALID');
    assert.deepEqual(message.split('\n'), [
      'de.yaml:4:3: messages: DISALLOWED_TAG.named: its gaps are not those of the English text (write {tag}, each once, and no other braces)',
      'de.yaml:5:3: messages: X.y: there is no such message (docs/language.md has all keys)',
    ]);
  });

  const secret = 'c2VjcmV0LW9mLWEtdGVzdA'.repeat(4);
  for (const text of [
    `${secret}\n`,
    `-----BEGIN TEST-----\n${secret}\n-----END TEST-----\n`,
    `${secret}: 1\n${secret}: 2\n`,
    `data: {${secret}: !${secret} 1}\n`,
    `language: de\nmessages: {}\n${secret}: 1\n`,
    `language: ${secret}\nmessages: {${secret}: 1}\n`,
  ])
    it(`XH6 is not quoted beyond 64 characters, and not at all if it is something else: ${text.slice(0, 9)}…`, async () => {
      const { message } = await refusalOf(text);
      assert.equal(
        message.includes(text.startsWith('language') ? secret.slice(0, 65) : secret.slice(0, 8)),
        false,
        message,
      );
    });

  for (const [what, text, message] of [
    ['nothing', '', 'de.yaml:1:1: the catalogue is empty (write language and messages)'],
    ['two documents', 'language: de\nmessages: {}\n---\nlanguage: fr\n', /^de\.yaml:4:1: a second document/],
    ['no YAML', 'language: [', /^de\.yaml:1:12: /],
    [
      'a key that stands twice',
      'language: de\nlanguage: de\n',
      'de.yaml:2:1: key "language" occurs twice (keep one of them)',
    ],
  ] as const) {
    it(`is not ${what}`, async () => {
      const refusal = await refusalOf(text);
      assert.equal(refusal.code, 'MESSAGES_INVALID');
      if (typeof message === 'string') assert.equal(refusal.message, message);
      else assert.match(refusal.message, message);
    });
  }

  it('is refused with at most twenty problems, and with the number of the others', async () => {
    const keys = Array.from({ length: 5000 }, (_, index) => `  x${index}: y\n`);
    const { message } = await refusalOf(`language: de\nmessages:\n${keys.join('')}`);
    assert.equal(message.split('\n').length, 21);
    assert.match(message, /^de\.yaml: and 4980 more problems$/m);
  });

  it('must exist and have at most 256 KiB', async () => {
    await using folder = await folderOf({ 'large.yaml': '' });
    await truncate(folder.file('large.yaml'), 256 * 1024 + 1);
    await assert.rejects(readMessages(folder.file('large.yaml')), {
      code: 'MESSAGES_INVALID',
      message: `--messages: ${folder.file('large.yaml')} has more than 262144 bytes`,
    });
    await assert.rejects(readMessages('/dev/zero'), { code: 'MESSAGES_INVALID' });
    await assert.rejects(readMessages(folder.file('absent.yaml')), { code: 'FILE_UNREADABLE' });
    await assert.rejects(readMessages(folder.file('.')), { code: 'FILE_UNREADABLE' });
  });
});
