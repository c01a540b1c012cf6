import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { isClean, renderRun } from './report.ts';
import { soak } from './soak-run.ts';

const USAGE = `usage: npm run soak -- [--minutes M] [--seed S]
  --minutes  how long (10)
  --seed     which reviews; the same seed gives the same ones (random)
`;

/** The flags of the start command in docs/cli.md. */
const NODE_FLAGS = ['--disable-sigusr1', '--max-semi-space-size=4', '--heap-growing-percent=60'];

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    },
  });
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { run, grows } = await soak({ seed, minutes, nodeFlags: NODE_FLAGS });
  process.stdout.write(renderRun(run, false));
  return isClean(run) && !grows ? 0 : 1;
}
