import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createRandom } from '../fuzz/random.ts';
import { runCommand } from '../end-to-end/support/processes.ts';
import { Balancer } from './balancer.ts';
import { startGate, type Gate } from './gate.ts';
import { ExchangeError } from './go-client.ts';
import { trialOf, unless, type Chaos, type Scenario, type Trial } from './scenario.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

const RATE = 300;
const READY_MS = 1500;

interface Plan {
  readonly kills: number;
  readonly replicas: 1 | 2;
}

export const crashes: Scenario = {
  id: 'R9',
  title: 'SIGKILL, one of two replicas after the other',
  goal: '100 times: only its open reviews fail, ready again within 1.5 s, nothing corrupt in --state-dir',
  run: (chaos) => killAgain(chaos, { kills: chaos.quick ? 6 : 100, replicas: 2 }),
  control: { title: 'one replica', run: (chaos) => killAgain(chaos, { kills: 3, replicas: 1 }) },
};

/** Replicas share no state. Each has its own folder, made before the first reviews. */
async function killAgain({ stand, seed }: Chaos, { kills, replicas: count }: Plan): Promise<Trial> {
  await using parts = new AsyncDisposableStack();
  const random = createRandom(seed);
  const stateFolder = join(stand.folder, `state-${count}`);
  const start = async (): Promise<Gate> => parts.use(await startGate(stand, { stateFolder }));
  const replicas = [await start()];
  if (count === 2) replicas.push(await start());
  const authority = replicas[0]?.authority ?? '';
  const balancer = parts.use(await Balancer.open(...replicas.map(({ port }) => port)));
  const tally = new Tally();
  const dead = new Set<number>();
  let elsewhere = 0;
  tally.onNoAnswer = (error) => {
    const led = error instanceof ExchangeError ? balancer.endpointOf(error.localPort ?? 0) : undefined;
    if (led === undefined || !dead.has(led)) elsewhere += 1;
  };
  const traffic = parts.use(
    new Traffic({ gate: { port: balancer.port, authority }, tally, seed, rate: RATE, burst: 10 }),
  );
  const readyMs: number[] = [];
  tally.faulty = true;
  for (let kill = 0; kill < kills; kill += 1) {
    await delay(100 + random.below(300));
    const [victim] = replicas.splice(0, 1);
    if (victim === undefined) break;
    dead.add(victim.port);
    balancer.drop(victim.port);
    victim.signal('SIGKILL');
    await victim.exited;
    const successor = await start();
    readyMs.push(successor.readyMs);
    balancer.add(successor.port);
    replicas.push(successor);
  }
  await traffic.stop();
  const slowest = Math.max(...readyMs);
  const same = (await readFile(join(stateFolder, 'ca.crt'), 'utf8')) === authority;
  const torn = count === 2 ? await killWhileMaking(stand, seed) : [];
  const numbers = `${kills} kills, ready again after ${median(readyMs).toFixed(0)} ms (median), ${slowest.toFixed(0)} ms (longest)`;
  return trialOf(tally, numbers, [
    ...tally.faults(),
    ...torn,
    unless(elsewhere === 0, `${elsewhere} reviews failed although no killed replica had them`),
    unless(median(readyMs) <= READY_MS, `half of the new processes took longer than ${READY_MS} ms`),
    unless(same, 'the authority in --state-dir has changed'),
  ]);
}

/** Kills a gate during its first start, while it creates its certificates. The next start must succeed. */
async function killWhileMaking(stand: Chaos['stand'], seed: number): Promise<string[]> {
  const random = createRandom(seed);
  const faults: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    const stateFolder = join(stand.folder, `torn-${count}`);
    const args = [stand.program, 'serve', '--self-signed', `--state-dir=${stateFolder}`];
    await runCommand(process.execPath, [...args, '--port=0', '--health-port=0', '--bind=127.0.0.1'], {
      environment: { HOME: stand.folder },
      timeoutMs: 100 + random.below(300),
    });
    try {
      await using gate = await startGate(stand, { stateFolder });
      if ((await gate.look('/readyz')).status !== 200) faults.push('not ready with incomplete state');
    } catch (error) {
      faults.push(`incomplete state: ${String(error)}`);
    }
  }
  return faults;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
