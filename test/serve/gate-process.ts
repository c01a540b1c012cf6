import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { run } from '../../src/cli/program.ts';
import type { ExitCode } from '../../src/cli/command.ts';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';

/** A line of the gate's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** How a process ended: its exit code or its signal. */
type Ending = number | NodeJS.Signals;

/** `kube-image-bouncer serve` as an operator runs it: a process with arguments, variables, files and signals. */
export interface GateProcess extends AsyncDisposable {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  readonly healthPort: number;
  /** What it has logged so far. */
  readonly lines: () => readonly LogLine[];
  /** Waits for the first line with this message, and returns it. */
  readonly line: (message: string) => Promise<LogLine>;
  /** Waits for the first line with this message after this number of lines, and returns it. */
  readonly lineAfter: (count: number, message: string) => Promise<LogLine>;
  /** Waits until stderr matches, and returns the text. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly stderr: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ending>;
}

/** Options beside the arguments. */
export interface StartOptions {
  readonly variables?: Readonly<Record<string, string>>;
  /** Source of a module that is loaded before the program. */
  readonly preload?: string;
  /** Maximum number of file descriptors that it may open. @default the limit of this process */
  readonly descriptors?: number;
  /** Flags of Node. */
  readonly flags?: readonly string[];
  /** A file descriptor for the log, or a pipe without a reader. @default a pipe whose lines are kept */
  readonly stdout?: number | 'unread';
  /** A pipe whose reader closes immediately. */
  readonly closed?: 'stdout' | 'stderr';
  /** Flags that the arguments may override. @default free ports and no drain */
  readonly defaults?: readonly string[];
}

/** The checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
/** The program that `npm` and `npx` start. */
export const program = fileURLToPath(new URL('../../bin/kube-image-bouncer.js', import.meta.url));

const home = (await makeTemporaryFolder('home')).path;

/** Enough for a busy machine. A process that takes longer has stopped making progress. */
const PATIENCE_MS = 10_000;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The result of a command line. */
interface CommandResult {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command line in this process, because a new process takes 0.2 s of CPU. The command must end without a
 * signal.
 */
export async function runCommandLine(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  // Stops a gate that started although the command should have failed. The listeners of the test runner stay.
  const others = new Set(process.listeners('SIGTERM'));
  const timer = setTimeout(() => {
    for (const listener of process.listeners('SIGTERM')) if (!others.has(listener)) listener('SIGTERM');
  }, PATIENCE_MS);
  const code = await run(args, { HOME: home, ...variables }, { stdin: Readable.from([]), stdout, stderr });
  clearTimeout(timer);
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

/**
 * Starts a gate and waits until it listens: on free ports and without a drain, unless the arguments or `defaults` say
 * otherwise.
 */
export async function startServe(args: readonly string[], options: StartOptions = {}): Promise<GateProcess> {
  const { defaults = DEFAULTS } = options;
  const child = launch([...args, ...defaults.filter((flag) => !isGiven(flag, args))], options);
  const output = collect(child, options);
  const ended = endingOf(child);
  const gone = ended.then((ending): never => {
    throw new Error(`the gate ended with ${ending} before it listened: ${output.stderr()}`);
  });
  gone.catch(() => undefined);
  const place = await Promise.race([output.until(() => placeOf(output), 'the gate listens'), gone]);
  const lineAfter: GateProcess['lineAfter'] = (count, message) =>
    output.until(
      () =>
        output
          .lines()
          .slice(count)
          .find(({ msg }) => msg === message),
      message,
    );
  return {
    ...place,
    lines: output.lines,
    line: (message) => lineAfter(0, message),
    lineAfter,
    printed: (pattern) => output.until(() => pattern.exec(output.stderr()) ?? undefined, String(pattern)),
    stderr: output.stderr,
    kill: (signal) => void child.kill(signal),
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
    },
  };
}

const DEFAULTS = ['--port=0', '--health-port=0', '--drain=0'];

type Place = Pick<GateProcess, 'scheme' | 'port' | 'healthPort'>;

/** The port of the gate, from its log and from stderr. */
function placeOf({ lines, stderr }: Pick<Output, 'lines' | 'stderr'>): Place | undefined {
  const line = lines().find(({ msg }) => msg === 'listening') as Place | undefined;
  const banner = /serves (https?):\/\/localhost:(\d+).*health on http:\/\/localhost:(\d+)/.exec(stderr());
  if (line !== undefined) return { scheme: line.scheme, port: line.port, healthPort: line.healthPort };
  if (banner === null) return undefined;
  return {
    scheme: banner[1] === 'https' ? 'https' : 'http',
    port: Number(banner[2]),
    healthPort: Number(banner[3]),
  };
}

function isGiven(flag: string, args: readonly string[]): boolean {
  const [name = ''] = flag.split('=');
  return args.some(
    (arg) => arg === name || arg.startsWith(`${name}=`) || (name === '--port' && arg === '-p'),
  );
}

function launch(
  args: readonly string[],
  { variables, preload, flags = [], stdout, descriptors }: StartOptions,
): ChildProcess {
  const imports =
    preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
  const command = [process.execPath, ...flags, ...imports, program, ...args];
  const [file = '', ...rest] =
    descriptors === undefined
      ? command
      : ['sh', '-c', `ulimit -n ${descriptors} && exec "$@"`, 'sh', ...command];
  const child = spawn(file, rest, {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: home, ...variables },
    stdio: ['ignore', typeof stdout === 'number' ? stdout : 'pipe', 'pipe'],
  });
  running.add(child);
  return child;
}

async function endingOf(child: ChildProcess): Promise<Ending> {
  const timer = setTimeout(() => child.kill('SIGKILL'), 2 * PATIENCE_MS);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  running.delete(child);
  return code ?? signal ?? Number.NaN;
}

interface Output {
  readonly lines: () => readonly LogLine[];
  readonly stderr: () => string;
  /** Calls the function after each output, until it returns a value. */
  readonly until: <Value>(probe: () => Value | undefined, what: string) => Promise<Value>;
}

function collect(child: ChildProcess, { stdout, closed }: StartOptions): Output {
  const lines: LogLine[] = [];
  const texts = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  if (closed !== undefined) child[closed]?.destroy();
  if (stdout !== 'unread')
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (texts.stdout + chunk).split('\n');
      texts.stdout = parts.pop() ?? '';
      lines.push(...parts.map((line) => JSON.parse(line) as LogLine));
      notify();
    });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    texts.stderr += chunk;
    notify();
  });
  const until: Output['until'] = (probe, what) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const value = probe();
        if (value === undefined) return;
        clearTimeout(timer);
        listeners.delete(look);
        resolve(value);
      };
      const timer = setTimeout(() => {
        listeners.delete(look);
        const seen = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n${texts.stderr}`;
        reject(new Error(`${what}: not within ${PATIENCE_MS} ms; the output is\n${seen}`));
      }, PATIENCE_MS);
      listeners.add(look);
      look();
    });
  return { lines: () => lines, stderr: () => texts.stderr, until };
}
