import { spawn } from 'node:child_process';

/** A check and its result. */
interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: string;
  readonly output: string;
}

/** These run at the same time. The tests come after them, because the tests use both cores. */
const STATIC_CHECKS = {
  types: ['tsc'],
  lint: ['oxlint', '--type-aware', '--deny-warnings'],
  format: ['oxfmt', '--check'],
} as const;

const statics = await Promise.all(
  Object.entries(STATIC_CHECKS).map(async ([name, command]) => report(await run(name, command))),
);
// `--static` leaves the tests out, for callers that run them separately.
const tests = process.argv.includes('--static')
  ? []
  : [report(await run('tests', ['npm', 'test', '--silent']))];
process.exitCode = [...statics, ...tests].every(({ passed }) => passed) ? 0 : 1;

/** `npm run` puts the tools of the checkout first in the PATH. */
async function run(name: string, [program, ...args]: readonly [string, ...string[]]): Promise<Outcome> {
  const started = performance.now();
  const { promise, resolve } = Promise.withResolvers<Omit<Outcome, 'name' | 'seconds'>>();
  // Windows starts a `.cmd` only in a shell. No argument comes from outside.
  const child = spawn(program, args, { shell: process.platform === 'win32' });
  let output = '';
  const collect = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.on('error', (error) => resolve({ passed: false, output: `${program}: ${error.message}\n` }));
  child.on('close', (code) => resolve({ passed: code === 0, output }));
  const { passed, output: said } = await promise;
  return { name, passed, seconds: ((performance.now() - started) / 1000).toFixed(1), output: said };
}

/** Prints one line for each check, and the output of failed checks and of the tests. */
function report(outcome: Outcome): Outcome {
  const { name, passed, seconds, output } = outcome;
  process.stdout.write(`${passed ? '✔' : '✖'} ${name} ${seconds} s\n`);
  if (!passed || name === 'tests') process.stdout.write(output);
  return outcome;
}
