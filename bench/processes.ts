import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** The command line of a server. */
export interface ServerProgram {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly port: number;
  /** The path of each protocol. */
  readonly paths: { readonly AdmissionReview: string; readonly ImageReview: string };
  /** Whether it decides by the policy, so that its answers can be checked. */
  readonly judges: boolean;
}

/** A running server. */
export interface RunningServer extends AsyncDisposable {
  readonly program: ServerProgram;
  readonly pid: number;
  /** CPU time of all its threads since it started, in µs. */
  cpuMicroseconds(): number;
  /** Resident memory, in MiB. */
  residentMebibytes(): number;
}

const TWO_CORES = process.platform === 'linux' && availableParallelism() > 1;

/** Pins the load generator to the first core. Servers run on the second one, so that neither takes time from the other. */
export function pinLoader(): void {
  if (TWO_CORES) execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', '0', String(process.pid)]);
}

function pinned(command: readonly string[], core: 0 | 1): readonly [string, ...string[]] {
  return TWO_CORES ? ['taskset', '--cpu-list', String(core), ...command] : (command as [string, ...string[]]);
}

/** A pipe for the logs of servers. A program reads it, as a container runtime does. */
export class LogPipe implements Disposable {
  readonly #path: string;
  readonly #reader: ChildProcess;

  constructor(folder: string) {
    this.#path = join(folder, 'log');
    execFileSync('mkfifo', [this.#path]);
    const [program, ...args] = pinned(['cat', this.#path], 0);
    this.#reader = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** Opens the writing end, which the caller must close. Waits for the reader. */
  open(): number {
    return openSync(this.#path, 'w');
  }

  [Symbol.dispose](): void {
    this.#reader.kill();
  }
}

/** Starts a server, which may not listen yet. With `ownCore: false` it is not pinned to a core. */
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
      // With npm and a shell in between the whole process group must end.
      process.kill(detached ? -pid : pid, 'SIGTERM');
      const timer = setTimeout(() => process.kill(detached ? -pid : pid, 'SIGKILL'), 30_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Uses the nanoseconds of the scheduler, because the ticks in /proc/PID/stat are ten milliseconds. */
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

/** Starts a server that logs to the pipe. */
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
