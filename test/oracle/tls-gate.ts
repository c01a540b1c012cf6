import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAuthority, type Authority } from '../../src/certificate/authority.ts';
import { eventually } from '../end-to-end/support/eventually.ts';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { increment, recordKey } from './census.ts';
import type { OraclePolicy } from './policy.ts';
import type { Address } from './tls-client.ts';

/** A line of the gate's log. */
type LogLine = Readonly<Record<string, unknown>>;

/** A gate as an operator runs it. Its log and its metrics are counted. */
export interface TlsGate extends AsyncDisposable {
  readonly address: () => Address;
  readonly pid: number;
  /** Decisions in the log, by protocol, outcome and stage. */
  readonly logged: ReadonlyMap<string, number>;
  /** Number of reviews that were refused unread, from the log. */
  readonly loggedShed: () => number;
  /** Number of each other log line, by its message. */
  readonly messages: ReadonlyMap<string, number>;
  /** Decisions, and requests that are not reviews, in the current metrics. */
  readonly scrape: () => Promise<Metrics>;
  /** Replaces the policy file with a rename, as the kubelet does. */
  readonly writePolicy: (text: string) => Promise<void>;
  /** Replaces certificate and key by a new pair of the same authority. */
  readonly swapCertificate: () => Promise<void>;
  /** Ends the gate and waits until its complete log is read. Rejects if the gate was killed or failed. */
  readonly stop: () => Promise<void>;
}

/** The values of the metrics. */
interface Metrics {
  readonly decisions: ReadonlyMap<string, number>;
  readonly rejected: number;
  /** Number of reviews that were refused unread. */
  readonly shed: number;
  /** Any other number, by its name with its labels. */
  readonly value: (name: string) => number | undefined;
  readonly names: readonly string[];
}

const PROGRAM = fileURLToPath(new URL('../../bin/kube-image-bouncer.js', import.meta.url));
const START_MS = 30_000;
const STOP_MS = 20_000;
const DAY_MS = 86_400_000;

/** Starts a gate with a policy, on free ports of loopback. */
export async function startTlsGate(
  policy: OraclePolicy,
  nodeFlags: readonly string[] = [],
): Promise<TlsGate> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await makeTemporaryFolder('oracle')).path;
  const files = ['tls.crt', 'tls.key', 'policy.json'].map((name) => join(folder, name));
  const [certificate = '', key = '', policyFile = ''] = files;
  const authority = await createAuthority({
    commonName: 'oracle',
    notBefore: new Date(Date.now() - DAY_MS),
    days: 30,
  });
  const swapCertificate = async (): Promise<void> => writePair(authority, certificate, key);
  await swapCertificate();
  await writeFile(policyFile, JSON.stringify(policy.document));
  const flags = [
    `--cert=${certificate}`,
    `--key=${key}`,
    `--policy=${policyFile}`,
    '--bind=127.0.0.1',
    '--port=0',
    '--health-port=0',
    '--drain=0',
  ];
  const child = spawn(process.execPath, [...nodeFlags, PROGRAM, 'serve', ...flags], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  parts.defer(async () => kill(child));
  const log = readLog(child);
  const { port, healthPort } = await log.listening;
  const owned = parts.move();
  return {
    address: () => ({ port, authority: authority.certificate }),
    pid: child.pid ?? 0,
    logged: log.logged,
    loggedShed: log.shed,
    messages: log.messages,
    scrape: () => scrape(healthPort),
    writePolicy: (text) => replace(policyFile, text),
    swapCertificate,
    stop: () => stop(child, log.ended),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function writePair(authority: Authority, certificate: string, key: string): Promise<void> {
  const pair = await authority.issueServing({
    commonName: 'gate',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    notBefore: new Date(Date.now() - 3_600_000),
    days: 7,
  });
  await replace(key, pair.key);
  await replace(certificate, pair.certificate);
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

interface Log {
  readonly logged: Map<string, number>;
  readonly shed: () => number;
  readonly messages: Map<string, number>;
  readonly listening: Promise<{ readonly port: number; readonly healthPort: number }>;
  readonly ended: Promise<void>;
}

function readLog(child: ChildProcess): Log {
  const logged = new Map<string, number>();
  const messages = new Map<string, number>();
  const {
    promise: listening,
    resolve,
    reject,
  } = Promise.withResolvers<{ port: number; healthPort: number }>();
  let [rest, shed] = ['', 0];
  let output = '';
  const read = (text: string): void => {
    const line = JSON.parse(text) as LogLine;
    if (typeof line['outcome'] === 'string')
      return increment(
        logged,
        recordKey(textOf(line['protocol']), line['outcome'], textOf(line['stage'] ?? 'deny')),
      );
    increment(messages, textOf(line['msg']));
    // The log has one line for many of these reviews, by reason.
    const unread = (line['reviews'] ?? {}) as Readonly<Record<string, number>>;
    for (const count of Object.values(unread)) shed += count;
    if (line['msg'] === 'listening')
      resolve({ port: Number(line['port']), healthPort: Number(line['healthPort']) });
  };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) read(line);
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    output = (output + chunk).slice(-4000);
  });
  const ended = once(child, 'close').then(() => reject(new Error(`the gate ended: ${output}`)));
  const timer = setTimeout(() => reject(new Error(`the gate did not start: ${output}`)), START_MS);
  listening.then(() => clearTimeout(timer)).catch(() => clearTimeout(timer));
  return { logged, shed: () => shed, messages, listening, ended };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
  if (child.exitCode !== 0) throw new Error(`the gate ended with ${child.exitCode ?? child.signalCode}`);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const SAMPLE = /^kube_image_bouncer_([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/;

async function scrape(healthPort: number): Promise<Metrics> {
  const answer = await fetch(`http://127.0.0.1:${healthPort}/metrics`, {
    signal: AbortSignal.timeout(10_000),
  });
  const decisions = new Map<string, number>();
  const values = new Map<string, number>();
  let [rejected, shed] = [0, 0];
  for (const line of (await answer.text()).split('\n')) {
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (name === 'decisions_total') {
      const {
        protocol = '',
        outcome = '',
        stage = '',
      } = Object.fromEntries(
        [...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, label = '', text = '']) => [label, text]),
      ) as Readonly<Record<string, string>>;
      const recorded = recordKey(protocol, outcome, stage);
      decisions.set(recorded, (decisions.get(recorded) ?? 0) + Number(value));
    } else if (name === 'rejected_requests_total') rejected += Number(value);
    else if (name === 'shed_reviews_total') shed += Number(value);
    else if (name !== '') values.set(labels === '' ? name : `${name}{${labels}}`, Number(value));
  }
  return { decisions, rejected, shed, value: (name) => values.get(name), names: [...values.keys()] };
}

/** Waits until the log has a decision for each answer, or until the time limit. */
export async function untilLogged(gate: TlsGate, decisions: number): Promise<void> {
  const total = (): number => [...gate.logged.values()].reduce((sum, count) => sum + count, 0);
  await eventually(
    'the log has every decision',
    () => Promise.resolve(total() >= decisions ? true : undefined),
    {
      timeoutMs: 5000,
      intervalMs: 20,
    },
  ).catch(() => undefined);
}
