import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseArgs, promisify } from 'node:util';
import { makeTemporaryFolder, type TemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { send, type Answer } from '../serve/ask.ts';
import { root, runCommandLine, startServe, type GateProcess } from '../serve/gate-process.ts';
import { blocksOf, commandsOf } from './blocks.ts';

const blocks = blocksOf('README.md');

/** Each curl line of the README with the JSON that is shown below it. */
const questions = blocks.flatMap((block, index) => {
  const [command, ...others] = commandsOf(block);
  if (block.language !== 'sh' || command?.words[0] !== 'curl') return [];
  assert.deepEqual(others, []);
  return [{ command, shown: blocks[index + 1] }];
});

/** For machines without curl. */
function sendAsCurl(gate: GateProcess, args: readonly string[]): Promise<Answer> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      silent: { type: 'boolean', short: 's' },
      cacert: { type: 'string' },
      header: { type: 'string', short: 'H' },
      data: { type: 'string', short: 'd' },
    },
  });
  const [name = '', value = ''] = values.header?.split(': ') ?? [];
  const body = readFileSync(join(root, values.data?.slice(1) ?? ''), 'utf8');
  const ca = readFileSync(values.cacert ?? '', 'utf8');
  return send(gate, new URL(positionals[0] ?? '').pathname, body, { ca, headers: { [name]: value } });
}

describe('the quick start of the README', () => {
  let home: TemporaryFolder;
  let gate: GateProcess;
  before(async () => {
    home = await makeTemporaryFolder('home');
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    const [runner, file, ...args] = scripts.start.split(' ');
    assert.deepEqual([runner, file], ['node', 'bin/kube-image-bouncer.js']);
    gate = await startServe(args, { variables: { HOME: home.path } });
  });
  after(async () => {
    await gate[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  /** The output of a line of the README, with another port and another home folder. */
  async function curl(words: readonly string[]): Promise<string> {
    const args = words
      .slice(1)
      .map((word) => word.replace('localhost:1323', `localhost:${gate.port}`).replace(/^~/, home.path));
    try {
      return (await promisify(execFile)('curl', args, { cwd: root })).stdout;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return (await sendAsCurl(gate, args)).body;
    }
  }

  it('has both reviews, one of which is refused', () => {
    assert.equal(questions.length, 2);
    assert.deepEqual(
      questions.map(({ shown }) => shown?.text.includes('"allowed":true')),
      [false, true],
    );
  });

  for (const { command, shown } of questions) {
    it(`${command.shown.slice(0, 60)}… prints exactly the output below it`, async () => {
      assert.equal(shown?.language, 'json');
      assert.equal(await curl(command.words), shown?.text.trimEnd());
    });
  }

  it('npm start prints its port and the path of its CA file, in the folder that the README names', async () => {
    const [, authority = ''] = await gate.printed(/CA certificate ([^;]+);/);
    assert.equal(authority, join(home.path, '.local/state/kube-image-bouncer/ca.crt'));
    assert.ok(existsSync(authority));
    assert.match(readFileSync(join(root, 'README.md'), 'utf8'), /~\/\.local\/state\/kube-image-bouncer`/);
  });

  it('explain and check have exit codes for a pipeline', async () => {
    const explained = await runCommandLine(['explain', 'nginx']);
    assert.equal(explained.code, 0);
    assert.match(explained.stdout, /refused: Images using latest tag are not allowed/);
    const checked = await runCommandLine(['check', join(root, 'examples/objects/bad')]);
    assert.equal(checked.code, 1);
    assert.equal((await runCommandLine(['check', join(root, 'examples/objects/good')])).code, 0);
  });
});
