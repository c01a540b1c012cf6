import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { root, runCommandLine } from '../serve/gate-process.ts';
import { blocksOf, commandsOf, pages, tasksOf, type ShownCommand } from './blocks.ts';

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const streams = { stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() };
const program = await createProgram({ environment: {}, streams, finish: () => undefined });

/** Tools of the reader. Their output is not tested. */
const FOREIGN = new Set([
  'kubeadm',
  'helm',
  'kubectl',
  'kustomize',
  'openssl',
  'base64',
  'docker',
  'podman',
  'buildah',
  'git',
]);

const CHECKS: Readonly<Record<string, (args: readonly string[]) => Promise<void> | void>> = {
  npm: checkNpm,
  node: checkProgram,
  npx: async ([tool = '', ...args]) => (tool === 'node' ? checkNode(args) : checkOurs(tool, args)),
  'kube-image-bouncer': (args) => checkOurs('kube-image-bouncer', args),
  // quick-start.test.ts runs these commands and checks that the README contains all of them.
  curl: (args) => assert.ok(args.some((arg) => arg.includes('localhost:1323'))),
};

function checkNpm([command = '', ...args]: readonly string[]): void {
  if (command === 'ci') return assert.ok(existsSync(join(root, 'package-lock.json')));
  const script = command === 'run' ? args.find((arg) => !arg.startsWith('-')) : command;
  assert.ok(Object.hasOwn(manifest.scripts, script ?? ''), `there is no script ${script}`);
}

/** A command line of the test runner. Its files and the test with the given name must exist. */
function checkNode(args: readonly string[]): void {
  const files = args.filter((arg) => !arg.startsWith('-'));
  assert.notEqual(files.length, 0);
  const found = files.flatMap((file) => globSync(file, { cwd: root }));
  for (const file of files) assert.notEqual(globSync(file, { cwd: root }).length, 0, `there is no ${file}`);
  const pattern = args.find((arg) => arg.startsWith('--test-name-pattern='))?.split('=')[1];
  if (pattern === undefined) return;
  const holds = (file: string): boolean => readFileSync(join(root, file), 'utf8').includes(pattern);
  assert.ok(found.some(holds), `no test is called ${pattern}`);
}

/** Node itself: it must know the flags, and the program must exist. The rest is a command line of this program. */
async function checkProgram(args: readonly string[]): Promise<void> {
  const flags = args.slice(
    0,
    args.findIndex((arg) => !arg.startsWith('-')),
  );
  const [program = '', ...ours] = args.slice(flags.length);
  execFileSync(process.execPath, [...flags, '--version']);
  assert.equal(program, manifest.bin['kube-image-bouncer'], `there is no ${program}`);
  await checkOurs('kube-image-bouncer', ours);
}

/** A command line of this program: the command and the flags must exist, and if the files exist, it must run. */
async function checkOurs(tool: string, args: readonly string[]): Promise<void> {
  assert.ok(Object.hasOwn(manifest.bin, tool), `package.json installs no ${tool}`);
  // A synopsis shows possible arguments, not actual ones.
  if (args.some((arg) => /^[[<]/.test(arg))) return;
  if (args[0] === '--version') return assert.equal((await runCommandLine(args)).code, 0);
  const command = commandOf(args);
  for (const flag of args.filter((arg) => arg.startsWith('--'))) {
    const [name] = flag.split('=');
    assert.ok(
      command.options.some(({ long }) => long === name),
      `${command.name()} has no option ${name}`,
    );
  }
  const values = args.slice(1).filter((arg) => !arg.startsWith('-'));
  const files = command.name() === 'check' ? values : [];
  const isHere = files.length > 0 && files.every((file) => existsSync(join(root, file)));
  if (command.name() === 'explain' || command.name() === 'schema' || isHere) {
    const { code, stderr } = await runCommandLine(args);
    assert.notEqual(code, 2, stderr);
  }
}

function commandOf(args: readonly string[]): Command {
  let command = program;
  for (const arg of args) {
    const next = command.commands.find((known) => known.name() === arg);
    if (next === undefined) break;
    command = next;
  }
  assert.notEqual(command, program, `there is no command ${args[0]}`);
  return command;
}

async function check({ words: [tool = '', ...args] }: ShownCommand): Promise<void> {
  const known = CHECKS[tool];
  if (known === undefined) assert.ok(FOREIGN.has(tool), `${tool} is not a known tool`);
  else await known(args);
}

describe('a command that a page shows', () => {
  const shell = pages().flatMap((page) => blocksOf(page).filter(({ language }) => language === 'sh'));
  const tasks = tasksOf('docs/README.md');
  for (const command of [...shell, ...tasks].flatMap(commandsOf))
    it(`${command.shown} works`, () => check(command));

  it('each block of commands has a language that this test checks', () => {
    assert.ok(shell.length >= 8, `${shell.length} blocks`);
    const languages = pages().flatMap((page) => blocksOf(page).map(({ language }) => language));
    assert.deepEqual([...new Set(languages)].toSorted(), ['', 'json', 'sh', 'yaml']);
  });

  it('the index of tasks has commands', () => assert.ok(tasks.length >= 25, `${tasks.length} commands`));

  it('a command that does not work is reported', async () => {
    const text = [
      'npm run nothing && npm ci',
      'npx node --test src/nowhere.test.ts',
      "npx node --test --test-name-pattern='no such title' 'src/**/*.test.ts'",
      'npx kube-image-bouncer chekc examples   # a comment',
      'kube-image-bouncer serve --sefl-signed',
      'helm template . | kube-image-bouncer check - --outptu json',
      'frobnicate',
    ].join('\n');
    const commands = commandsOf({ page: 'X.md', line: 1, language: 'sh', text });
    assert.equal(commands.length, 9);
    const outcomes = await Promise.allSettled(commands.map(check));
    const passed = commands.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    assert.deepEqual(
      passed.map(({ words }) => words.join(' ')),
      ['npm ci', 'helm template .'],
    );
  });
});
