import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bouncer, folderOf, type Outcome } from '#test/command-line.ts';

const BAD =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec:\n  containers:\n  - name: web\n    image: nginx\n';

/** Checks one text on standard input. */
function checkText(stdin: string, ...args: readonly string[]): Promise<Outcome> {
  return bouncer(['check', ...args], { stdin });
}

describe('the language of check', () => {
  it('flip: --language chooses the language of the table and of JSON', async () => {
    assert.deepEqual((await checkText(BAD, '--language', 'zh-CN')).stdout.split('\n'), [
      '拒绝     stdin:7:5  Pod bad',
      '         检查镜像失败!镜像标签不允许使用latest!——nginx（位于 spec.containers[0].image，容器 "web"），原因：没有写标签就等于标签 "latest"，而该标签不允许使用 [规则 no-latest]；请指定固定的版本或摘要',
      '1 个对象，1 个镜像：拒绝 1 个对象',
      '',
    ]);
    const json = await checkText(BAD, '--language', 'zh', '--output', 'json');
    assert.match(json.stdout, /"remedy": "请指定固定的版本或摘要"/);
    const { stdout, stderr } = await checkText(BAD, '--language', 'fr');
    assert.match(stdout, /^refused /);
    assert.match(stderr, /^note: --language fr: no catalogue has this language, so denials are in English/);
  });

  it('flip: --messages adds texts in another language', async () => {
    const messages = 'language: de\nmessages: {check.refused: abgelehnt, check.object: "{count} Objekt"}\n';
    await using folder = await folderOf({ 'de.yaml': messages, 'bad.yaml': 'language: de\n' });
    const { stdout } = await checkText(BAD, '--messages', folder.file('de.yaml'));
    assert.match(stdout, /^abgelehnt stdin:7:5 [^]*\n1 Objekt, 1 image: 1 refused\n$/);
    const { code, stderr } = await checkText(BAD, '--messages', folder.file('bad.yaml'));
    assert.deepEqual(
      [code, stderr.replace(folder.file('bad.yaml'), 'bad.yaml')],
      [2, 'error: bad.yaml:1:1: messages: it is not a map (write a text for each key)\n'],
    );
  });
});
