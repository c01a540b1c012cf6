import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from '../../scripts/bundle.ts';
import { makeTemporaryFolder } from '../end-to-end/support/temporary-folder.ts';
import { clock } from './clock.ts';
import { crashes } from './crashes.ts';
import { descriptors } from './descriptors.ts';
import { disk } from './disk.ts';
import { fairness } from './fairness.ts';
import { idleConnections } from './idle-connections.ts';
import { manyImages } from './many-images.ts';
import { memory } from './memory.ts';
import { policyFaults } from './policy-faults.ts';
import { overload } from './overload.ts';
import { pauses } from './pauses.ts';
import { restarts } from './restarts.ts';
import { rubbish } from './rubbish.ts';
import { starvation } from './starvation.ts';
import type { Chaos, Scenario, Trial } from './scenario.ts';

const SCENARIOS: readonly Scenario[] = [
  restarts,
  crashes,
  idleConnections,
  policyFaults,
  memory,
  disk,
  descriptors,
  starvation,
  clock,
  overload,
  pauses,
  rubbish,
  fairness,
  manyImages,
];

const USAGE = `usage: npm run chaos -- [SCENARIO…] [--seed S] [--quick]
${SCENARIOS.map(({ id, title }) => `  ${id.padEnd(8)} ${title}`).join('\n')}
  --seed   of reviews, moments and bytes (random)
  --quick  a slice of each
  --bundle another program than the one that these sources make
`;

const SHOWN_FAULTS = 3;

const CONTROLS = 3;

/** A run that hangs ends after this time without a summary, and ends all its processes. */
const LIMIT_MS = 60 * 60_000;

// An explicit exit, because the remains of a killed process may keep the event loop alive.
process.exit(await main(process.argv.slice(2)));

async function main(argv: readonly string[]): Promise<0 | 1 | 2> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      quick: { type: 'boolean', default: false },
      bundle: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !SCENARIOS.some(({ id }) => id === name));
  const seed = Number(values.seed);
  if (values.help || unknown.length > 0 || !Number.isSafeInteger(seed)) {
    process.stderr.write(USAGE);
    return 2;
  }
  setTimeout(() => process.exit(1), LIMIT_MS).unref();
  await using folder = await makeTemporaryFolder('chaos');
  const program = values.bundle ?? (await bundleInto(folder.path));
  const chaos: Chaos = { seed, quick: values.quick, stand: { program, folder: folder.path } };
  const chosen = SCENARIOS.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
  let passed = 0;
  for (const scenario of chosen) passed += (await examine(scenario, chaos)) ? 1 : 0;
  print(`${passed} passed, ${chosen.length - passed} failed, seed ${seed}${values.quick ? ', quick' : ''}`);
  return passed === chosen.length ? 0 : 1;
}

async function bundleInto(folder: string): Promise<string> {
  await bundle(fileURLToPath(new URL('../..', import.meta.url)), join(folder, 'dist'));
  return join(folder, 'dist', 'main.js');
}

/** Runs a scenario and its control, and prints one line. */
async function examine(scenario: Scenario, chaos: Chaos): Promise<boolean> {
  const { id, title, control } = scenario;
  const startMs = performance.now();
  const trial = await attempt(scenario.run, chaos);
  const proof = await prove(control.run, chaos);
  const faults = [
    ...trial.faults,
    ...(trial.failOpen > 0 ? [`${trial.failOpen} bad reviews were admitted`] : []),
    ...(proof.failOpen > 0 ? [`the control admitted ${proof.failOpen} bad reviews`] : []),
    ...(proof.faults.length === 0 ? ['the control shows no fault, so the run proves nothing'] : []),
    ...(proof.broken === undefined ? [] : [`the control could not run: ${proof.broken}`]),
  ];
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  print(
    `${faults.length === 0 ? 'ok  ' : 'FAIL'} ${id} ${title} (seed ${chaos.seed}, ${seconds} s): ${trial.numbers}`,
  );
  print(`     control, ${control.title}: ${renderFaults(proof.faults)} [${proof.numbers}]`);
  for (const fault of faults) print(`     FAULT ${fault}`);
  if (faults.length > 0)
    print(`     repeat: npm run chaos -- ${id} --seed ${chaos.seed}${chaos.quick ? ' --quick' : ''}`);
  return faults.length === 0;
}

/** Whether a fault harms an unprotected gate depends on timing. A control without a fault is run again. */
async function prove(run: Scenario['run'], chaos: Chaos): Promise<Trial & { readonly broken?: string }> {
  let proof = await attempt(run, chaos);
  for (let more = 1; more < CONTROLS && proof.faults.length === 0 && proof.failOpen === 0; more += 1)
    proof = await attempt(run, { ...chaos, seed: chaos.seed + more });
  return proof;
}

async function attempt(run: Scenario['run'], chaos: Chaos): Promise<Trial & { readonly broken?: string }> {
  try {
    return await run(chaos);
  } catch (error) {
    const broken = error instanceof Error ? `${error.message}${renderCause(error.cause)}` : String(error);
    return { numbers: 'it could not run', faults: [broken], failOpen: 0, broken };
  }
}

/** A gate that has ended causes many faults. Only the first ones are shown. */
function renderFaults(faults: readonly string[]): string {
  const shown = faults.slice(0, SHOWN_FAULTS).join('; ');
  return faults.length > SHOWN_FAULTS ? `${shown}; and ${faults.length - SHOWN_FAULTS} more` : shown;
}

function renderCause(cause: unknown): string {
  return cause instanceof Error ? `: ${cause.message}` : '';
}

function print(line: string): void {
  process.stdout.write(`${line.trimEnd().replaceAll('\n', ' ')}\n`);
}
