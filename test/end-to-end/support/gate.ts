import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Authority } from '../../../src/certificate/authority.ts';
import type { Environment } from '../../control-plane/binaries.ts';
import { eventually, GivenUpError } from './eventually.ts';
import { freePort } from './free-ports.ts';
import { startProcess } from './processes.ts';
import type { RunningProcess } from './processes.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** The policy and the language of a gate. */
export interface GateSettings {
  /** A policy document in YAML. @default the built-in policy of the gate */
  readonly policy?: string;
  /** The language of denials, such as `zh`. */
  readonly language?: string;
  /**
   * The gate accepts only TLS clients whose certificate has this common name and is signed by the gate's own
   * authority.
   */
  readonly clientName?: string;
}

/** The options of a gate. */
interface GateOptions extends GateSettings {
  readonly environment: Environment;
  readonly authority: Authority;
}

/** Our server as an operator runs it: a process with files, ports and signals. */
export interface Gate extends AsyncDisposable {
  /** `https://127.0.0.1:PORT`, the same after every start. */
  readonly url: string;
  readonly settings: () => GateSettings;
  /** Starts a stopped gate again on the same ports, optionally with other settings. */
  readonly start: (settings?: GateSettings) => Promise<void>;
  /** Sends SIGTERM and waits until the gate has ended. */
  readonly stop: () => Promise<void>;
  /** Stops the gate and starts it again with other settings. */
  readonly restart: (settings: GateSettings) => Promise<void>;
  /** The last lines of the gate's log. */
  readonly logTail: () => Promise<string>;
  /** The JSON lines that the gate has written to stdout since its first start. */
  readonly logLines: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** The log lines of reviews. */
  readonly decisions: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
}

const program = fileURLToPath(new URL('../../../bin/kube-image-bouncer.js', import.meta.url));
const startTimeoutMs = 20_000;
// Longer than the drain of the gate. A gate that does not end in this time is killed, and the test fails.
const stopTimeoutMs = 40_000;

/** Starts `kube-image-bouncer serve` on free ports of loopback with a serving certificate of the given authority. */
export async function startGate(options: GateOptions): Promise<Gate> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await makeTemporaryFolder('gate')).path;
  const port = await freePort();
  const healthPort = await freePort();
  const certificates = await writeCertificates(folder, options.authority);
  const logFile = join(folder, 'gate.log');

  let settings: GateSettings = options;
  let gate: RunningProcess | undefined;
  const start: Gate['start'] = async (changed) => {
    settings = changed ?? settings;
    gate = startProcess({
      program: process.execPath,
      arguments: [
        program,
        'serve',
        `--cert=${certificates.certificate}`,
        `--key=${certificates.key}`,
        `--port=${port}`,
        `--health-port=${healthPort}`,
        '--bind=127.0.0.1',
        // No client needs to notice that the gate stops. A drain would only delay the test.
        '--drain=0',
        ...(await settingFlags(settings, folder, certificates.authority)),
      ],
      environment: { PATH: options.environment['PATH'], HOME: folder },
      workingFolder: folder,
      logFile,
    });
    await untilReady(gate, `http://127.0.0.1:${healthPort}/readyz`);
  };
  const stop: Gate['stop'] = async () => {
    await gate?.stop('SIGTERM', stopTimeoutMs);
    if (gate?.ending() === 'SIGKILL')
      throw new Error(`the gate had not ended ${stopTimeoutMs / 1000} s after SIGTERM`);
  };
  parts.defer(async () => gate?.stop('SIGKILL'));
  const logLines: Gate['logLines'] = async () => parseLog(await readFile(logFile, 'utf8'));

  await start(options);
  const owned = parts.move();
  return {
    url: `https://127.0.0.1:${port}`,
    settings: () => settings,
    start,
    stop,
    restart: async (changed) => {
      await stop();
      await start(changed);
    },
    logTail: async () => (await gate?.logTail()) ?? '',
    logLines,
    decisions: async () => (await logLines()).filter((line) => typeof line['outcome'] === 'string'),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function writeCertificates(
  folder: string,
  authority: Authority,
): Promise<{ certificate: string; key: string; authority: string }> {
  const serving = await authority.issueServing({
    commonName: 'kube-image-bouncer',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    notBefore: new Date(),
    days: 1,
  });
  const paths = {
    certificate: join(folder, 'serving.crt'),
    key: join(folder, 'serving.key'),
    authority: join(folder, 'authority.crt'),
  };
  await writeFile(paths.certificate, serving.certificate);
  await writeFile(paths.key, serving.key, { mode: 0o600 });
  await writeFile(paths.authority, authority.certificate);
  return paths;
}

async function settingFlags(
  settings: GateSettings,
  folder: string,
  authorityFile: string,
): Promise<string[]> {
  const flags: string[] = [];
  if (settings.policy !== undefined) {
    const policyFile = join(folder, 'policy.yaml');
    await writeFile(policyFile, settings.policy);
    flags.push(`--policy=${policyFile}`);
  }
  if (settings.language !== undefined) flags.push(`--language=${settings.language}`);
  if (settings.clientName !== undefined) {
    flags.push(`--client-ca=${authorityFile}`, `--client-name=${settings.clientName}`);
  }
  return flags;
}

async function untilReady(gate: RunningProcess, readiness: string): Promise<void> {
  try {
    await eventually(
      'the gate becomes ready',
      async () => {
        if (gate.ending() !== undefined) throw new GivenUpError(`the gate ended with ${gate.ending()}`);
        const answer = await fetch(readiness, { signal: AbortSignal.timeout(1_000) });
        return answer.ok ? true : undefined;
      },
      { timeoutMs: startTimeoutMs, intervalMs: 50 },
    );
  } catch (error) {
    await gate.stop('SIGKILL');
    throw new Error(`the gate did not start; its log ends with\n${await gate.logTail()}`, { cause: error });
  }
}

/** Lines that are not JSON are ignored, such as Node's own warnings on stderr. */
function parseLog(text: string): Readonly<Record<string, unknown>>[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      return [JSON.parse(line) as Record<string, unknown>];
    } catch {
      // The last line may be incomplete.
      return [];
    }
  });
}
