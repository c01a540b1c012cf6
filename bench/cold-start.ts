import { firstAnswer } from './connection.ts';
import { startServer, type ServerProgram } from './processes.ts';
import { seenSamples } from './reviews.ts';
import { median } from './table.ts';

/** Time from a start to the first answered review. */
interface ColdStart {
  readonly name: string;
  readonly firstMs: number;
  readonly medianMs: number;
  readonly slowestMs: number;
}

/**
 * Starts each program several times, in turn. The very first start is shown separately, because it finds neither a
 * certificate nor compiled code of an earlier start.
 */
export async function measureColdStarts(
  programs: readonly ServerProgram[],
  starts: number,
): Promise<readonly ColdStart[]> {
  const times = new Map(programs.map(({ name }): [string, number[]] => [name, []]));
  for (let start = 0; start <= starts; start++) {
    for (const program of programs) times.get(program.name)?.push(await timeStart(program));
  }
  return [...times].map(([name, [first = Number.NaN, ...others]]) => ({
    name,
    firstMs: first,
    medianMs: median(others),
    slowestMs: Math.max(...others),
  }));
}

async function timeStart(program: ServerProgram): Promise<number> {
  const { body } = seenSamples('ImageReview')(1);
  const started = performance.now();
  await using _server = startServer(program, 'ignore', { detached: true });
  await firstAnswer(program.port, program.paths.ImageReview, body);
  return performance.now() - started;
}
