import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { image } from './built-image.ts';
import { makePod } from './contained-gates.ts';

const pod = await makePod('');

/** Attempts. Each returns a value, or the code or name of an error. */
const ATTEMPTS = `
const attempt = (what) => { try { return what() ?? 'done'; } catch (error) { return error.code ?? error.name; } };
const fs = require('node:fs');
const written = [];
const walk = (folder) => {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const path = folder + entry.name;
    if (entry.isDirectory() && !['/proc', '/dev', '/tmp'].includes(path)) {
      if (attempt(() => fs.writeFileSync(path + '/mine', '')) === 'done') written.push(path);
      walk(path + '/');
    } else if (entry.isFile() && attempt(() => fs.closeSync(fs.openSync(path, 'r+'))) === 'done') written.push(path);
  }
};
const answers = {
  prototype: attempt(() => typeof {}.__proto__),
  evaluated: attempt(() => eval('1 + 1')),
  compiled: attempt(() => new Function('return 1')()),
  spawned: attempt(() => require('node:child_process').spawnSync('/usr/bin/node', ['--version']).status),
  threaded: attempt(() => void new (require('node:worker_threads').Worker)('', { eval: true })),
  inspected: attempt(() => void require('node:inspector').open(0)),
  passwords: attempt(() => void fs.readFileSync('/etc/passwd')),
  environment: attempt(() => void fs.readFileSync('/proc/self/environ')),
  elsewhere: attempt(() => fs.writeFileSync('/tmp/mine', '')),
  program: attempt(() => fs.readFileSync('/app/package.json', 'utf8').slice(0, 1)),
};
attempt(() => walk('/'));
process.stdout.write(JSON.stringify({ ...answers, written }) + '\\n');
process.exit(0);
`;

/** The results of the attempts with the flags of the image, or without flags. */
async function attempts(flags: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  await using container = await pod.start({
    command: ['/usr/bin/node', ...flags],
    onlyArgs: ['--eval', ATTEMPTS],
    scratch: ['/tmp'],
  });
  assert.equal(await container.exited, 'exit code 0', await container.output());
  // An open inspector is reported on stderr.
  const printed = /^\{.*\}$/m.exec(await container.output())?.[0] ?? '';
  return JSON.parse(printed) as Readonly<Record<string, unknown>>;
}

describe('foreign code in the process of the gate', () => {
  it('with the flags of the image it cannot change prototypes, compile, start or inspect programs, or read other files', async () => {
    const { Entrypoint: entrypoint = [] } = (await image).configuration.config;
    assert.deepEqual(await attempts(entrypoint.slice(1, -1)), {
      prototype: 'undefined',
      evaluated: 'EvalError',
      compiled: 'EvalError',
      spawned: 'ERR_ACCESS_DENIED',
      // A thread reads policies.
      threaded: 'done',
      inspected: 'ERR_ACCESS_DENIED',
      passwords: 'ERR_ACCESS_DENIED',
      environment: 'ERR_ACCESS_DENIED',
      elsewhere: 'ERR_ACCESS_DENIED',
      program: '{',
      written: [],
    });
  });

  it('control: without the flags all attempts succeed, except writing', async () => {
    assert.deepEqual(await attempts([]), {
      prototype: 'object',
      evaluated: 2,
      compiled: 1,
      spawned: 0,
      threaded: 'done',
      inspected: 'done',
      passwords: 'done',
      environment: 'done',
      elsewhere: 'done',
      program: '{',
      written: [],
    });
  });
});
