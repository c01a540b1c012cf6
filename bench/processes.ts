import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** A command line that serves, to be started as often as needed. */
export interface ServerProgram {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly port: number;
  /** Where each protocol is answered. */
  readonly paths: { readonly AdmissionReview: string; readonly ImageReview: string };
  /** Whether it refuses what the policy refuses, so that its answers can be checked. */
  readonly judges: boolean;
}

/** A server that runs. */
export interface RunningServer extends AsyncDisposable {
  readonly program: ServerProgram;
  readonly pid: number;
  /** CPU time of all its threads since it started, in µs. */
  cpuMicroseconds(): number;
  /** Resident memory, in MiB. */
  residentMebibytes(): number;
}

const TWO_CORES = process.platform === 'linux' && availableParallelism() > 1;

/** The loader keeps to the first core and the servers to the second, so that neither takes the other's time. */
export function pinLoader(): void {
  if (TWO_CORES) execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', '0', String(process.pid)]);
}

function pinned(command: readonly string[], core: 0 | 1): readonly [string, ...string[]] {
  return TWO_CORES ? ['taskset', '--cpu-list', String(core), ...command] : (command as [string, ...string[]]);
}

/** Where servers write their logs: a pipe that somebody reads, as a container runtime does. */
export class LogPipe implements Disposable {
  readonly #path: string;
  readonly #reader: ChildProcess;

  constructor(folder: string) {
    this.#path = join(folder, 'log');
    execFileSync('mkfifo', [this.#path]);
    const [program, ...args] = pinned(['cat', this.#path], 0);
    this.#reader = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** The writing end, to be closed by whoever asked for it. Opening it waits until the reader is there. */
  open(): number {
    return openSync(this.#path, 'w');
  }

  [Symbol.dispose](): void {
    this.#reader.kill();
  }
}

/** Starts a server; it may not listen yet. Where others need both cores it is not kept to its own. */
export function startServer(
  program: ServerProgram,
  log: number | 'ignore',
  { detached = false, ownCore = true }: { readonly detached?: boolean; readonly ownCore?: boolean } = {},
): RunningServer {
  const [file, ...args] = ownCore ? pinned(program.command, 1) : program.command;
  const child = spawn(file, args, { stdio: ['ignore', log, log], detached });
  const { pid } = child;
  if (pid === undefined)
    throw new Error(`${program.name} could not be started: ${program.command.join(' ')}`);
  return {
    program,
    pid,
    cpuMicroseconds: () => cpuMicroseconds(pid),
    residentMebibytes: () => residentMebibytes(pid),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      // A whole group when npm and a shell stand between.
      process.kill(detached ? -pid : pid, 'SIGTERM');
      const impatience = setTimeout(() => process.kill(detached ? -pid : pid, 'SIGKILL'), 30_000);
      await exited;
      clearTimeout(impatience);
    },
  };
}

/** The scheduler counts nanoseconds; the ticks in /proc/PID/stat are ten milliseconds. */
function cpuMicroseconds(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(tasks).map((task) => {
    const [running = '0'] = readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ', 1);
    return Number(running);
  });
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1000;
}

function residentMebibytes(pid: number): number {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

/** A log that is opened for one server and closed here once that server holds it. */
export function startLogging(
  program: ServerProgram,
  pipe: LogPipe,
  options: { readonly ownCore?: boolean } = {},
): RunningServer {
  const log = pipe.open();
  try {
    return startServer(program, log, options);
  } finally {
    closeSync(log);
  }
}
