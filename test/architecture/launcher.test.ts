import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { satisfies } from 'semver';
import { chooseLaunch } from '../../bin/launch.js';
import { isSupportedNode, unsupportedNodeSentence } from '../../bin/supported-node.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** Prints the Node that runs it, then ends, or waits for a signal and exits with 7. */
const STAND_IN = `
if (process.argv[2] === 'wait') {
  setInterval(() => undefined, 1000);
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => process.exit(7));
}
process.stdout.write(JSON.stringify({ version: process.version, flags: process.execArgv, args: process.argv.slice(2) }) + '\\n');
if (process.argv[2] === 'exit') process.exit(Number(process.argv[3]));
if (process.argv[2] === 'die') process.kill(process.pid, 'SIGKILL');
`;

interface Setup extends Disposable {
  readonly root: string;
}

/** A folder that looks like a checkout, or like the published package, to the launcher. */
function setup(parts: {
  readonly source?: boolean;
  readonly bundle?: boolean;
  readonly node?: string;
}): Setup {
  const root = mkdtempSync(join(tmpdir(), 'launcher-'));
  cpSync(join(project, 'bin'), join(root, 'bin'), { recursive: true });
  write(join(root, 'package.json'), '{"type":"module"}');
  if (parts.source === true) write(join(root, 'src/cli/main.ts'), STAND_IN);
  if (parts.bundle === true) write(join(root, 'dist/main.js'), STAND_IN);
  if (parts.node !== undefined) {
    const folder = join(root, 'node_modules', `node-${process.platform}-${process.arch}`);
    write(join(folder, 'package.json'), JSON.stringify({ version: parts.node }));
    mkdirSync(join(folder, 'bin'));
    symlinkSync(process.execPath, join(folder, 'bin', 'node'));
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Time limit for a program that does not receive its signal. */
const PATIENCE_MS = 5_000;

/** Starts the launcher in this Node, which reports another version. */
function launch(root: string, version: string, args: readonly string[]) {
  const claim = `Object.defineProperty(process, 'version', { value: '${version}' })`;
  const preload = `data:text/javascript,${encodeURIComponent(claim)}`;
  const bin = join(root, 'bin/kube-image-bouncer.js');
  const child = spawn(process.execPath, ['--import', preload, bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const closed = once(child, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) }) as Promise<
    [number | null, NodeJS.Signals | null]
  >;
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  const dispose = (): void => {
    try {
      process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
    } catch {
      // The process has already ended, as expected.
    }
  };
  return { child, closed, stdout, stderr, [Symbol.dispose]: dispose };
}

test('Node 24 from 24.22.1 on and any from 26.12.1 on are supported, as in package.json', () => {
  const { engines } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  const expected = {
    'v18.20.8': false,
    'v20.20.2': false,
    'v22.23.3': false,
    'v24.9.0': false,
    'v24.14.1': false,
    'v24.21.0': false,
    'v24.22.0': false,
    'v24.22.1': true,
    'v24.23.0': true,
    'v25.9.0': false,
    'v26.10.0': false,
    'v26.12.0': false,
    'v26.12.1': true,
    'v26.13.0': true,
    'v27.0.0': true,
    'v100.0.0': true,
  };
  for (const [version, supported] of Object.entries(expected)) {
    assert.equal(isSupportedNode(version), supported, version);
    assert.equal(satisfies(version, engines.node), supported, `engines and ${version}`);
  }
  assert.equal(isSupportedNode('not a version'), false);
});

test('a checkout runs its sources even if it has a bundle; the package runs its bundle', () => {
  using checkout = setup({ source: true, bundle: true });
  using published = setup({ bundle: true });
  assert.deepEqual(chooseLaunch(checkout.root, 'v24.22.1'), {
    run: 'here',
    program: join(checkout.root, 'src/cli/main.ts'),
    place: 'checkout',
  });
  assert.deepEqual(chooseLaunch(published.root, 'v26.12.1'), {
    run: 'here',
    program: join(published.root, 'dist/main.js'),
    place: 'package',
  });
});

test('an old Node starts the Node that npm ci installed, and passes on arguments, output and exit code', async () => {
  using checkout = setup({ source: true, node: process.version });
  using run = launch(checkout.root, 'v20.20.2', ['exit', '3', '--flag', 'a b']);
  assert.deepEqual(await run.closed, [3, null]);
  const report = JSON.parse(await run.stdout) as { version: string; flags: string[]; args: string[] };
  assert.equal(report.version, process.version);
  assert.deepEqual(report.flags, [
    '--disable-sigusr1',
    '--disable-proto=delete',
    '--disallow-code-generation-from-strings',
  ]);
  assert.deepEqual(report.args, ['exit', '3', '--flag', 'a b']);
  assert.equal(await run.stderr, '');
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} reaches the program that an old Node started`, async () => {
    using checkout = setup({ source: true, node: process.version });
    using run = launch(checkout.root, 'v20.20.2', ['wait']);
    await once(run.child.stdout, 'readable');
    run.child.kill(signal);
    assert.deepEqual(await run.closed, [7, null]);
  });
}

test('the launcher ends with the signal that ends its program', async () => {
  using checkout = setup({ source: true, node: process.version });
  using run = launch(checkout.root, 'v20.20.2', ['die']);
  assert.deepEqual(await run.closed, [null, 'SIGKILL']);
});

test('an old Node without another one prints one sentence and exits with 2', async () => {
  const sentences = {
    checkout:
      'kube-image-bouncer needs Node 24 from 24.22.1 on, or Node 26 from 26.12.1 on; this is v20.20.2 and no other was installed with it: run npm ci, or install one of them.\n',
    package:
      'kube-image-bouncer needs Node 24 from 24.22.1 on, or Node 26 from 26.12.1 on; this is v20.20.2: install one of them.\n',
  };
  using checkout = setup({ source: true });
  using stale = setup({ source: true, node: '22.1.0' });
  using published = setup({ bundle: true });
  for (const [root, place] of [
    [checkout.root, 'checkout'],
    [stale.root, 'checkout'],
    [published.root, 'package'],
  ] as const) {
    using run = launch(root, 'v20.20.2', ['explain', 'nginx']);
    assert.deepEqual(await run.closed, [2, null]);
    assert.equal(await run.stderr, sentences[place]);
    assert.equal(await run.stdout, '');
  }
});

test('only on Linux does the sentence send to npm ci, which installs no Node elsewhere', () => {
  assert.match(
    unsupportedNodeSentence('v20.20.2', 'checkout', 'linux'),
    /: run npm ci, or install one of them\.$/,
  );
  assert.match(unsupportedNodeSentence('v20.20.2', 'checkout', 'win32'), /: install one of them\.$/);
});

test('K10 SIGUSR1 does not open the inspector', async () => {
  using checkout = setup({ source: true });
  using run = launch(checkout.root, process.version, ['wait']);
  await once(run.child.stdout, 'readable');
  run.child.kill('SIGUSR1');
  // Signals are handled in order: when SIGTERM has ended the program, SIGUSR1 was handled before.
  setTimeout(() => run.child.kill('SIGTERM'), 200);
  assert.deepEqual(await run.closed, [7, null]);
  assert.equal(await run.stderr, '');
});

test('a checkout keeps compiled code in node_modules/.cache, and starts even if it cannot write there', async () => {
  using checkout = setup({ source: true, node: process.version });
  using first = launch(checkout.root, process.version, ['exit', '0']);
  assert.deepEqual(await first.closed, [0, null]);
  const cache = join(checkout.root, 'node_modules/.cache/kube-image-bouncer');
  chmodSync(cache, 0o755);
  rmSync(cache, { recursive: true });
  writeFileSync(cache, 'a file where the folder should be');
  using second = launch(checkout.root, process.version, ['exit', '0']);
  assert.deepEqual(await second.closed, [0, null]);
});
