import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
// Not a named import: an old Node has no enableCompileCache, and the missing name would end it without our error
// message.
import nodeModule from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isSupportedNode, unsupportedNodeSentence } from './supported-node.js';

/**
 * What to do with a command line: run the program in this process, run it with another Node, or stop with a sentence.
 *
 * @typedef {{ run: 'here', program: string, place: 'checkout' | 'package' }
 *   | { run: 'elsewhere', node: string }
 *   | { run: 'nowhere', sentence: string }} Launch
 */

/**
 * A checkout always runs its sources, so that an edit needs no build. The package contains only the bundle.
 *
 * @param {string} root folder that holds bin/
 * @param {string} version of the Node that is running
 * @returns {Launch}
 */
export function chooseLaunch(root, version) {
  const source = join(root, 'src', 'cli', 'main.ts');
  const place = existsSync(source) ? 'checkout' : 'package';
  if (isSupportedNode(version)) {
    return { run: 'here', program: place === 'checkout' ? source : join(root, 'dist', 'main.js'), place };
  }
  const node = place === 'checkout' ? installedNode(root) : undefined;
  return node === undefined
    ? { run: 'nowhere', sentence: unsupportedNodeSentence(version, place) }
    : { run: 'elsewhere', node };
}

/**
 * The Node that `npm ci` installs in a checkout (tools/node). Its version is checked, because a Node that is too old
 * would start itself again and again.
 *
 * @param {string} root
 * @returns {string | undefined}
 */
function installedNode(root) {
  const folder = join(root, 'node_modules', `node-${process.platform}-${process.arch}`);
  const node = join(folder, 'bin', 'node');
  const manifest = join(folder, 'package.json');
  if (!existsSync(node) || !existsSync(manifest)) return undefined;
  return isSupportedNode(JSON.parse(readFileSync(manifest, 'utf8')).version) ? node : undefined;
}

/**
 * Flags that cost nothing for a Node that we start. SIGUSR1 would open the inspector, and then any user who can send a
 * signal controls the process. The other two flags remove `__proto__` and code that is made from text.
 */
const FLAGS = ['--disable-sigusr1', '--disable-proto=delete', '--disallow-code-generation-from-strings'];

/**
 * @param {Launch} launch
 * @param {string} root
 * @param {readonly string[]} args
 * @returns {Promise<void>}
 */
export async function perform(launch, root, args) {
  if (launch.run === 'nowhere') {
    process.stderr.write(`${launch.sentence}\n`);
    process.exitCode = 2;
    return;
  }
  if (launch.run === 'elsewhere') {
    runElsewhere(launch.node, [...FLAGS, join(root, 'bin', 'kube-image-bouncer.js'), ...args]);
    return;
  }
  // Replaces the inspector as the handler of the signal, because the flag above may be missing.
  process.on('SIGUSR1', () => undefined);
  if (launch.place === 'checkout') {
    // Most of the start is stripping types and compiling hundreds of files. A read-only checkout has no cache.
    nodeModule.enableCompileCache?.(join(root, 'node_modules', '.cache', 'kube-image-bouncer'));
  }
  await import(pathToFileURL(launch.program).href);
}

/**
 * @param {string} node
 * @param {readonly string[]} args
 */
function runElsewhere(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' });
  // A terminal sends these two to the whole foreground group. If they were also passed on, the child would get a second
  // one and end at once.
  const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  const ignore = () => undefined;
  process.on('SIGTERM', forward);
  process.on('SIGINT', atTerminal ? ignore : forward);
  process.on('SIGHUP', atTerminal ? ignore : forward);
  child.on('error', (error) => {
    process.stderr.write(`kube-image-bouncer could not start ${node}: ${error.message}.\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 2;
      return;
    }
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
