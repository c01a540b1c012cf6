import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, GivenUpError } from '../end-to-end/support/eventually.ts';
import { freePort } from '../end-to-end/support/free-ports.ts';
import { startProcess, type RunningProcess } from '../end-to-end/support/processes.ts';
import { certificates } from '../serve/certificates.ts';

/** Resources shared by all gates of a run. */
export interface Stand {
  /** The program, bundled from the current sources. */
  readonly program: string;
  /** A folder that is removed after the run. */
  readonly folder: string;
}

interface GateOptions {
  /** Additional flags, beside the certificate and the ports. @default none */
  readonly args?: readonly string[];
  /** The folder for `--self-signed`, instead of the certificate of the harness. */
  readonly stateFolder?: string;
  /** A prefix of the command. It must replace itself with the command (exec). */
  readonly wrapper?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  /** Source of a module that is loaded before the program. A control uses it to switch off a protection. */
  readonly preload?: string;
  /** The file for the log. @default a new file in the temporary folder */
  readonly logFile?: string;
  /** The ports for reviews and health. @default free ports */
  readonly ports?: Pick<Gate, 'port' | 'healthPort'>;
}

/** The gate as an operator runs it: the bundle, started with the command of docs/cli.md. */
export interface Gate extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  readonly healthPort: number;
  /** The CA that clients must trust, PEM. */
  readonly authority: string;
  /** Milliseconds from the start of the process to the first `/readyz` with status 200. */
  readonly readyMs: number;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** The exit code or signal; `undefined` while it runs. */
  readonly ending: () => string | undefined;
  readonly exited: Promise<string>;
  /** A page of the health port. The status is 0 if there is no answer within two seconds. */
  readonly look: (path: string) => Promise<{ readonly status: number; readonly body: string }>;
  /** The sum of the series of a metric; `NaN` if there is none. */
  readonly metric: (name: string) => Promise<number>;
  readonly log: () => Promise<string>;
  readonly residentMebibytes: () => number;
  /** The highest resident memory since the start. */
  readonly peakMebibytes: () => number;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const START_MS = 20_000;
let started = 0;

/** Starts a gate and waits until it is ready. */
export async function startGate(stand: Stand, options: GateOptions = {}): Promise<Gate> {
  const { port, healthPort } = options.ports ?? { port: await freePort(), healthPort: await freePort() };
  const { authority, certificateFile, keyFile } = await certificates;
  const { stateFolder, wrapper = [], args = [] } = options;
  started += 1;
  const logFile = options.logFile ?? join(stand.folder, `gate-${started}.log`);
  const pair =
    stateFolder === undefined
      ? [`--cert=${certificateFile}`, `--key=${keyFile}`]
      : ['--self-signed', `--state-dir=${stateFolder}`];
  const places = [`--port=${port}`, `--health-port=${healthPort}`, '--bind=127.0.0.1'];
  const imports =
    options.preload === undefined
      ? []
      : ['--import', `data:text/javascript,${encodeURIComponent(options.preload)}`];
  const node = [process.execPath, ...documentedFlags(), ...imports, stand.program];
  const [program = '', ...rest] = [...wrapper, ...node, 'serve', ...pair, ...places, ...args];
  const startMs = performance.now();
  const running = startProcess({
    program,
    arguments: rest,
    environment: { PATH: process.env['PATH'], HOME: stand.folder, ...options.variables },
    workingFolder: stand.folder,
    logFile,
  });
  const look = (path: string) => lookAt(healthPort, path);
  await untilReady(running, look);
  const readyMs = performance.now() - startMs;
  const trusted = stateFolder === undefined ? authority : await readFile(join(stateFolder, 'ca.crt'), 'utf8');
  return {
    ...partsOf(running, look),
    port,
    healthPort,
    authority: trusted,
    readyMs,
    look,
    log: () => readFile(logFile, 'utf8'),
    [Symbol.asyncDispose]: () => running.stop('SIGKILL'),
  };
}

/** Node's options of the long-running command in docs/cli.md. */
function documentedFlags(): readonly string[] {
  const text = readFileSync(join(root, 'docs', 'cli.md'), 'utf8');
  const [, flags] = /^node ((?:--\S+ )+)bin\/kube-image-bouncer\.js serve /m.exec(text) ?? [];
  if (flags === undefined) throw new Error('docs/cli.md has no command for a long-running process');
  return flags.trim().split(' ');
}

function partsOf(running: RunningProcess, look: Gate['look']) {
  const { pid = 0, exited, ending } = running;
  return {
    pid,
    exited,
    ending,
    signal: (signal: NodeJS.Signals): void => {
      if (ending() === undefined) process.kill(pid, signal);
    },
    metric: async (name: string): Promise<number> => {
      const { body } = await look('/metrics');
      const values = [...body.matchAll(/^kube_image_bouncer_(\w+)(?:\{.*\})? (\S+)$/gm)];
      const series = values.filter(([, found]) => found === name);
      return series.length === 0 ? Number.NaN : series.reduce((sum, [, , value]) => sum + Number(value), 0);
    },
    residentMebibytes: () => mebibytesOf(pid, 'VmRSS'),
    peakMebibytes: () => mebibytesOf(pid, 'VmHWM'),
  };
}

function mebibytesOf(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}

async function lookAt(healthPort: number, path: string): Promise<{ status: number; body: string }> {
  try {
    const url = `http://127.0.0.1:${healthPort}${path}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
    return { status: answer.status, body: await answer.text() };
  } catch {
    return { status: 0, body: '' };
  }
}

async function untilReady(running: RunningProcess, look: Gate['look']): Promise<void> {
  try {
    await eventually(
      'the gate is ready',
      async () => {
        if (running.ending() !== undefined) throw new GivenUpError(`the gate ended with ${running.ending()}`);
        return (await look('/readyz')).status === 200 || undefined;
      },
      { timeoutMs: START_MS, intervalMs: 20 },
    );
  } catch (cause) {
    await running.stop('SIGKILL');
    throw new Error(`the gate did not start; its log ends with\n${shorten(await running.logTail())}`, {
      cause,
    });
  }
}

/** A log line may contain hundreds of images. */
function shorten(text: string): string {
  return text
    .split('\n')
    .map((line) => line.slice(0, 300))
    .join('\n');
}
