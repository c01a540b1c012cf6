import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { describe, it } from 'node:test';
import { bouncer, folderOf } from '#test/command-line.ts';
import { HOSTILE_NAMES } from '#test/file-results.ts';

function podOf(name: string, image: string): string {
  const spec = { containers: [{ name: 'web', image }] };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
}

describe('check on a terminal', () => {
  it('groups by file, with colours', async () => {
    await using folder = await folderOf({
      'a.yaml': podOf('a', 'nginx'),
      'b.yaml': podOf('b', 'nginx:1.27'),
    });
    const { code, stdout } = await bouncer(['check', folder.path], { isTerminal: true });
    assert.equal(code, 1);
    const bold = `\u001b[1m${folder.file('a.yaml')}\u001b[22m\n`;
    assert.ok(
      stdout.startsWith(`${bold}  1:93    \u001b[31mrefused \u001b[39m Pod a\n`),
      JSON.stringify(stdout),
    );
    assert.match(stdout, /\n {19}Images using latest tag .*\n\n2 objects, 2 images: 1 refused\n$/);
  });

  it('flip: NO_COLOR and TERM=dumb switch colours off', async () => {
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      const { stdout } = await bouncer(['check'], { isTerminal: true, env, stdin: podOf('a', 'nginx') });
      assert.equal(stdout, stripVTControlCharacters(stdout));
      assert.match(stdout, /^stdin\n {2}1:93 {4}refused {2}Pod a\n/);
    }
  });

  it('K01 a hostile name brings no control characters of its own', async () => {
    for (const name of HOSTILE_NAMES) {
      const { stdout } = await bouncer(['check'], { isTerminal: true, stdin: podOf(name, name) });
      assert.doesNotMatch(
        stripVTControlCharacters(stdout).replaceAll('\n', ''),
        /[\p{Cc}\p{Zl}\p{Zp}\u202e\u2066]/u,
      );
      const codes = stdout
        .split('\u001b')
        .slice(1)
        .map((part) => part.slice(0, part.indexOf('m')));
      assert.deepEqual([...new Set(codes)].toSorted(), ['[1', '[22', '[31', '[39']);
    }
  });

  it('files, pipes and the other outputs have neither', async () => {
    const stdin = podOf('a', 'nginx');
    assert.match((await bouncer(['check'], { stdin })).stdout, /^refused {2}stdin:1:93 {2}Pod a\n/);
    for (const format of ['json', 'ndjson', 'junit', 'sarif', 'github']) {
      const { stdout } = await bouncer(['check', '--output', format], { isTerminal: true, stdin });
      assert.ok(!stdout.includes('\u001b'));
    }
  });
});
