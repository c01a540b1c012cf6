import { Connection, firstAnswer } from './connection.ts';
import { startLogging, type LogPipe, type ServerProgram } from './processes.ts';
import { newSamples, seenSamples } from './reviews.ts';
import { figure, renderTable } from './table.ts';

const CONNECTIONS = 8;
const STEPS = 30;

/**
 * Sends reviews to a server, half of them with new images, and prints its memory. A leak is visible in the slope over
 * the last two thirds of the run. The growth of a new heap is not.
 */
export async function measureMemory(program: ServerProgram, pipe: LogPipe, reviews: number): Promise<string> {
  await using server = startLogging(program, pipe);
  const next = [
    seenSamples('AdmissionReview'),
    newSamples('AdmissionReview'),
    seenSamples('ImageReview'),
    newSamples('ImageReview'),
  ];
  await firstAnswer(program.port, program.paths.ImageReview, seenSamples('ImageReview')(1).body);
  using open = new DisposableStack();
  const lanes = await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, lane) => {
      const path = program.paths[lane % 4 < 2 ? 'AdmissionReview' : 'ImageReview'];
      return { connection: open.use(await Connection.open(program.port, path)), samples: next[lane % 4] };
    }),
  );
  let sent = 0;
  const points: { readonly reviews: number; readonly mebibytes: number }[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const until = (reviews * step) / STEPS;
    await Promise.all(
      lanes.map(async ({ connection, samples }) => {
        while (sent < until) {
          const sample = samples?.(sent++);
          if (sample !== undefined) await connection.post(sample.body);
        }
      }),
    );
    points.push({ reviews: sent, mebibytes: server.residentMebibytes() });
  }
  const late = points.slice(STEPS / 3);
  const highest = Math.max(...points.map(({ mebibytes }) => mebibytes));
  const shown = points.filter((_, index) => (index + 1) % (STEPS / 6) === 0);
  return [
    renderTable(
      ['reviews', 'RSS MiB'],
      shown.map((point) => [String(point.reviews), figure(point.mebibytes)]),
    ),
    `highest ${figure(highest)} MiB; slope ${figure(slope(late) * 100_000)} MiB per 100,000 reviews over the last two thirds`,
  ].join('\n\n');
}

/** Least squares, in MiB per review. */
function slope(points: readonly { readonly reviews: number; readonly mebibytes: number }[]): number {
  const mean = (of: (point: (typeof points)[number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const x = mean(({ reviews }) => reviews);
  const y = mean(({ mebibytes }) => mebibytes);
  const covariance = mean((point) => (point.reviews - x) * (point.mebibytes - y));
  return covariance / mean((point) => (point.reviews - x) ** 2);
}
