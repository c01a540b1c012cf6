import type { Readable } from 'node:stream';
import type { Policy } from '../policy/policy.ts';
import { createExclusion, type Exclusion } from './exclude.ts';
import type { FileResult } from '../report/result.ts';
import { findFiles } from './files.ts';
import type { JudgeSettings } from './judge-file.ts';
import { Judges, type JudgesOptions } from './judges.ts';
import { readBatches } from './read-batches.ts';

/** Most results of batches that wait for an earlier one. */
const MAX_WAITING = 16;

/** Results in the order of their files, which may come in another order. */
interface Waiting {
  readonly results: Promise<readonly FileResult[]>;
  isDone: boolean;
}

interface CheckFilesOptions extends JudgesOptions {
  readonly stdin: Readable;
  /** @default nothing */
  readonly exclusion?: Exclusion;
}

/**
 * Judges manifests as the gate would judge requests to create the objects. The result of each file comes soon after it is
 * judged, in the order of the paths; nothing else of a file is kept. What cannot be read is a part of the results.
 */
export async function* checkFiles(
  paths: readonly string[],
  settings: JudgeSettings,
  policy: Policy,
  options: CheckFilesOptions,
): AsyncGenerator<FileResult> {
  await using judges = new Judges(settings, policy, options);
  const { exclusion = createExclusion([]) } = options;
  const waiting: Waiting[] = [];
  for await (const work of readBatches(findFiles(paths, exclusion), options.stdin)) {
    waiting.push(follow((await judges.begin(work)).results));
    while (waiting[0]?.isDone === true || waiting.length > MAX_WAITING)
      yield* (await waiting.shift()?.results) ?? [];
  }
  for (const { results } of waiting) yield* await results;
}

function follow(results: Promise<readonly FileResult[]>): Waiting {
  const waiting: Waiting = { results, isDone: false };
  const end = (): void => {
    waiting.isDone = true;
  };
  results.then(end, end);
  return waiting;
}
