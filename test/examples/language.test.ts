import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { bouncer, folderOf } from '#test/command-line.ts';
import { decodeCatalogue, missingKeys } from '../../src/language/further-catalogue.ts';
import { ENGLISH } from '../../src/language/english.ts';
import { parseDocuments } from '../../src/document/yaml.ts';

const PAGE = readFileSync(new URL('../../docs/language.md', import.meta.url), 'utf8');

function blocks(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(
    ([, block = '']) => block,
  );
}

describe('docs/language.md', () => {
  const [catalogue = '', manifest = ''] = blocks('yaml');
  const [, command = '', printed = ''] = /```sh\n(.*--messages.*)\n```\n\n```\n([^]*?)```/.exec(PAGE) ?? [];

  it('contains a catalogue and its exact output', async () => {
    const args = command.replace('kube-image-bouncer ', '').split(' ');
    await using folder = await folderOf({ 'de.yaml': catalogue, 'pod.yaml': manifest });
    const { code, stdout, stderr } = await bouncer(
      args.map((arg) => (arg.endsWith('.yaml') ? folder.file(arg) : arg)),
    );
    assert.equal(stdout.replaceAll(folder.file('pod.yaml'), 'pod.yaml'), printed);
    assert.equal(code, 1);
    const decoded = decodeCatalogue(parseDocuments(catalogue, 'de.yaml')[0]?.value);
    assert.ok('language' in decoded);
    assert.match(
      stderr,
      new RegExp(`: ${missingKeys(decoded).length} messages are missing; they are shown in en\n$`),
    );
  });

  it('contains an English catalogue as well', async () => {
    await using folder = await folderOf({ 'en.json': JSON.stringify({ language: 'en', messages: ENGLISH }) });
    const args = ['explain', 'nginx', '--messages', folder.file('en.json')];
    assert.deepEqual(await bouncer(args), await bouncer(['explain', 'nginx']));
  });
});
