import { firstAnswer } from './connection.ts';
import { startServer, type ServerProgram } from './processes.ts';
import { seenSamples } from './reviews.ts';
import { median } from './table.ts';

/** What a start took, until the first review was answered. */
export interface ColdStart {
  readonly name: string;
  readonly firstMs: number;
  readonly medianMs: number;
  readonly slowestMs: number;
}

/**
 * Starts each program a number of times, in turn. The very first start of each stands apart: it finds neither its
 * certificate nor the compiled code of the one before.
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
