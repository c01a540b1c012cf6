import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { basename } from 'node:path';
import type { Environment } from '../../control-plane/binaries.ts';

/** A program that runs beside the test until it is stopped. */
export interface RunningProcess extends AsyncDisposable {
  readonly name: string;
  /** `undefined` if the program could not be started. */
  readonly pid: number | undefined;
  /** Resolves when the process has ended, with its exit code or signal. */
  readonly exited: Promise<string>;
  /** The exit code or signal; `undefined` while the process runs. */
  readonly ending: () => string | undefined;
  /** The last lines of stdout and stderr. */
  readonly logTail: () => Promise<string>;
  /** Sends a signal, and SIGKILL if the process has not ended after `graceMs`. */
  readonly stop: (signal: 'SIGTERM' | 'SIGKILL', graceMs?: number) => Promise<void>;
}

/** The options of a program beside the test. */
interface ProcessOptions {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Environment;
  readonly workingFolder: string;
  /** The file for stdout and stderr. A second start appends to it. */
  readonly logFile: string;
}

/** The output and the exit code of a command. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<ChildProcess>();
const tailLines = 25;

// An orphaned API server would keep its port and its memory. Therefore the end of the test always ends its children.
function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
process.on('exit', killAll);
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(128 + number);
  });
}

/** Starts a program beside the test. It always ends with the test. */
export function startProcess(options: ProcessOptions): RunningProcess {
  const log = openSync(options.logFile, 'a');
  const child = spawn(options.program, options.arguments, {
    cwd: options.workingFolder,
    env: options.environment,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  running.add(child);
  const watchdog = startWatchdog(child);

  let ending: string | undefined;
  const exited = new Promise<string>((resolve) => {
    const end = (how: string): void => {
      running.delete(child);
      watchdog?.kill('SIGKILL');
      ending = how;
      resolve(how);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  });
  const stop: RunningProcess['stop'] = async (signal, graceMs = 5_000) => {
    if (ending !== undefined) return;
    child.kill(signal);
    const impatience = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(impatience);
  };
  return {
    name: basename(options.program),
    pid: child.pid,
    exited,
    ending: () => ending,
    logTail: async () =>
      (await readFile(options.logFile, 'utf8')).trimEnd().split('\n').slice(-tailLines).join('\n'),
    stop,
    [Symbol.asyncDispose]: () => stop('SIGKILL'),
  };
}

/**
 * Kills a process if the test process is killed, for example with its test runner. A shell waits for the end of a
 * pipe whose other end closes with the test process.
 */
function startWatchdog(guarded: ChildProcess): ChildProcess | undefined {
  // The process was never started.
  if (guarded.pid === undefined) return undefined;
  const watchdog = spawn('/bin/sh', ['-c', 'read -r nothing; kill -9 "$0"', String(guarded.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In its own process group, so that Ctrl-C in the terminal does not end it.
    detached: true,
  });
  watchdog.on('error', () => undefined);
  watchdog.unref();
  if (watchdog.stdin instanceof Socket) watchdog.stdin.unref();
  return watchdog;
}

/** Runs a command to its end. After the time limit it is killed, and its exit code is -1. */
export async function runCommand(
  program: string,
  commandArguments: readonly string[],
  options: { readonly environment: Environment; readonly stdin?: string; readonly timeoutMs: number },
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, commandArguments, { env: options.environment, stdio: 'pipe' });
    running.add(child);
    const killer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A command that does not read its input closes it early. The exit code is sufficient.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    child.once('error', (error) => {
      clearTimeout(killer);
      running.delete(child);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(killer);
      running.delete(child);
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
  });
}
