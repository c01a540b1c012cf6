import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../end-to-end/support/eventually.ts';
import { runCommand } from '../end-to-end/support/processes.ts';
import { startGate, type Gate } from './gate.ts';
import { trialOf, unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

const RATE = 200;
const POLICY = `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: on-disk}
spec:
  unmatchedImages: Allow
  rules:
  - name: no-latest
    disallowedTags: {tags: [latest]}
`;
const COMES_BACK_MS = 5000;

export const disk: Scenario = {
  id: 'R16',
  title: 'no room for the log and the state, a policy folder that is read-only',
  goal: 'verdicts continue, and the log continues when there is room',
  run: (chaos) => fill(chaos),
  control: { title: 'failed writes are not handled', run: (chaos) => fill(chaos, UNGUARDED) },
};

/** Throws write errors of the log, as a program that does not handle them would. */
const UNGUARDED = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const { write, writev } = fs;
const guardless = (call) => (...args) => {
  const callback = args.pop();
  call(...args, (error, ...rest) => {
    if (error) throw error;
    callback(error, ...rest);
  });
};
fs.write = guardless(write);
fs.writev = guardless(writev);
syncBuiltinESMExports();
`;

async function fill({ stand, seed, quick }: Chaos, preload?: string): Promise<Trial> {
  await using logs = await SmallDisk.mount(join(stand.folder, 'logs'));
  await using disk = await SmallDisk.mount(join(stand.folder, 'disk'));
  const policy = join(disk.path, 'policy');
  const [stateFolder, logFile] = [join(disk.path, 'state'), join(logs.path, 'gate.log')];
  await mkdir(policy);
  await writeFile(join(policy, 'policy.yaml'), POLICY);
  const args = [`--policy=${join(policy, 'policy.yaml')}`, '--drain=0'];
  const options = { args, stateFolder, logFile, ...(preload !== undefined && { preload }) };
  await using gate = await startGate(stand, options);
  const tally = new Tally();
  using traffic = new Traffic({ gate, tally, seed, rate: RATE });
  await logs.fill();
  await disk.fill();
  await delay(quick ? 2000 : 20_000);
  const dropped = await gate.metric('log_dropped_total');
  const whileFull = await lookAt(gate, 'a full disk');
  await logs.free();
  const cameBack = await comesBack(gate);
  await disk.remount('ro');
  gate.signal('SIGHUP');
  await delay(quick ? 1000 : 5000);
  const whileReadOnly = await lookAt(gate, 'a read-only disk');
  await disk.remount('rw');
  const { calls } = await traffic.stop();
  await gate[Symbol.asyncDispose]();
  const again = preload === undefined ? await startAgain(stand, disk, { args, stateFolder }) : [];
  return trialOf(tally, `${calls} reviews, ${dropped} log lines dropped while full`, [
    ...tally.faults([]),
    ...whileFull,
    unless(dropped > 0, 'no dropped line was counted: the disk was not full'),
    ...cameBack,
    ...whileReadOnly,
    ...again,
  ]);
}

async function lookAt(gate: Gate, when: string): Promise<(string | undefined)[]> {
  const { status, body } = await gate.look('/readyz');
  return [
    unless(gate.ending() === undefined, `${when}: the gate ended with ${gate.ending()}`),
    unless(status === 200, `${when}: readyz says ${status} ${body}`),
  ];
}

/** New lines are written completely after the line that was cut off. */
async function comesBack(gate: Gate): Promise<(string | undefined)[]> {
  const before = await gate.log();
  try {
    await eventually(
      'the log is written again',
      async () => ((await gate.log()).length > before.length + 1000 ? true : undefined),
      { timeoutMs: COMES_BACK_MS },
    );
  } catch {
    return [`the log was not written again ${COMES_BACK_MS / 1000} s after there was room`];
  }
  const lines = (await gate.log()).split('\n');
  const broken = lines.slice(0, -1).filter((line) => !isWhole(line));
  return [
    unless(broken.length <= 1, `${broken.length} lines are broken, for example ${broken[1]?.slice(0, 200)}`),
  ];
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    // Lines of the gate are JSON. Other lines are messages of Node.
    return line !== '' && !line.includes('{');
  }
}

/**
 * A gate that has its certificates starts on a full disk. If it cannot store new certificates, it reports the reason.
 */
async function startAgain(
  stand: Chaos['stand'],
  full: SmallDisk,
  options: { readonly args: readonly string[]; readonly stateFolder: string },
): Promise<(string | undefined)[]> {
  await using gate = await startGate(stand, options);
  const ready = await gate.look('/readyz');
  const fresh = { ...options, stateFolder: join(full.path, 'other-state') };
  const refusal = await startGate(stand, fresh).then(
    () => 'it started',
    (error: unknown) => String(error instanceof Error ? error.message : error),
  );
  return [
    unless(ready.status === 200, `a start on a full disk: readyz answers ${ready.status}`),
    unless(/--state-dir.*(ENOSPC|no space)/.test(refusal), `a first start on a full disk: ${refusal}`),
  ];
}

const SMALL_DISK_BYTES = 1024 * 1024;

/** A disk of a megabyte, in memory. Mounting it needs root. */
class SmallDisk implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async mount(path: string): Promise<SmallDisk> {
    await mkdir(path, { recursive: true });
    await command('mount', '-t', 'tmpfs', '-o', `size=${SMALL_DISK_BYTES}`, 'tmpfs', path);
    return new SmallDisk(path);
  }

  async fill(): Promise<void> {
    const file = await open(join(this.path, 'ballast'), 'a');
    try {
      for (;;) await file.writeFile(Buffer.alloc(SMALL_DISK_BYTES));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  async free(): Promise<void> {
    await rm(join(this.path, 'ballast'));
  }

  remount(mode: 'ro' | 'rw'): Promise<void> {
    return command('mount', '-o', `remount,${mode}`, this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await command('umount', '--lazy', this.path);
  }
}

async function command(program: string, ...args: readonly string[]): Promise<void> {
  const environment = { PATH: process.env['PATH'] };
  const { code, stderr } = await runCommand(program, args, { environment, timeoutMs: 10_000 });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.trim()}`);
}
