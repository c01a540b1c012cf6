import type { Blocker, RecordedChange, Step } from './blocker.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { isLocked, type ProbeResult, type Probe } from './probes.ts';
import { originOf } from '../wiring/refusal.ts';

/** The pause between two checks whether the API server has applied a change. */
const POLL_MS = 250;

/** The largest number of rounds. No real cluster needs as many. */
const MAX_STEPS = 64;

/** A blocker, the objects that it refuses, and its steps. */
export interface Lock {
  readonly blocker: Blocker;
  readonly description: string;
  readonly results: readonly ProbeResult[];
  /** The least invasive step comes first. The steps that the goal needs are before the others. */
  readonly steps: readonly PlannedStep[];
}

/** A possible step of a recovery. */
export interface PlannedStep {
  readonly step: Step;
  /** Whether the goal needs this step. */
  readonly isNeeded: boolean;
}

/** The present lock-out. */
export interface LockReport {
  readonly results: readonly ProbeResult[];
  readonly locks: readonly Lock[];
  /** Results that show a lock-out by none of these blockers. */
  readonly unexplained: readonly ProbeResult[];
}

/** Assigns each refused object to the blocker that refuses it. Changes nothing. */
export async function explainLocks(
  results: readonly ProbeResult[],
  blockers: readonly Blocker[],
): Promise<LockReport> {
  const locked = results.filter(isLocked);
  const locks: Lock[] = [];
  for (const blocker of blockers) {
    const blamed = locked.filter((result) => isBlamed(blocker, result));
    const description = blamed.length === 0 ? undefined : await blocker.describe();
    if (description === undefined) continue;
    locks.push({
      blocker,
      description,
      results: blamed,
      steps: planSteps(await blocker.steps(blamed), blamed),
    });
  }
  return {
    results,
    locks,
    unexplained: locked.filter((result) => !locks.some((lock) => lock.results.includes(result))),
  };
}

function planSteps(steps: readonly Step[], results: readonly ProbeResult[]): readonly PlannedStep[] {
  let left = results.filter(isWanted);
  return steps.map((step) => {
    const isNeeded = left.length > 0;
    left = left.filter(({ probe }) => !step.frees(probe.place));
    return { step, isNeeded };
  });
}

function isBlamed(blocker: Blocker, { refusal }: ProbeResult): boolean {
  return refusal !== undefined && 'by' in refusal && blocker.blames(refusal.by);
}

function isWanted({ probe }: ProbeResult): boolean {
  return probe.place.isWanted;
}

/** The inputs of a recovery. */
interface WayOut {
  readonly probes: readonly Probe[];
  readonly blockers: readonly Blocker[];
  readonly runProbes: (probes: readonly Probe[]) => Promise<readonly ProbeResult[]>;
  /** A monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  /**
   * Called before each step, with all earlier changes and the changes of this step. If it rejects, the step is not
   * taken.
   */
  readonly keep: (changes: readonly RecordedChange[]) => Promise<void>;
  /** Called after each step. */
  readonly onStep: (blocker: Blocker, step: Step) => void;
}

/** The result of a recovery. */
export interface WayOutTaken {
  readonly results: readonly ProbeResult[];
  /** True if the last change was not applied in time. Its effect is unknown, so no stronger step was taken. */
  readonly isUnnoticed: boolean;
}

/**
 * Takes one step after the other until all objects of the goal can be created again, or no step is left.
 */
export async function takeWayOut(wayOut: WayOut): Promise<WayOutTaken> {
  const changes: RecordedChange[] = [];
  let results = await wayOut.runProbes(wayOut.probes);
  for (let taken = 0; taken < MAX_STEPS; taken += 1) {
    const locked = results.filter(isLocked).filter(isWanted);
    const changed: Blocker[] = [];
    const freed: ProbeResult[] = [];
    for (const blocker of wayOut.blockers) {
      // The steps are made from the present state, because two webhooks of one configuration change the same object.
      const blamed = locked.filter((result) => isBlamed(blocker, result));
      const [step] = blamed.length === 0 ? [] : await blocker.steps(blamed);
      if (step === undefined) continue;
      for (const change of await step.foresee()) merge(changes, change);
      await wayOut.keep(changes);
      await step.perform();
      wayOut.onStep(blocker, step);
      changed.push(blocker);
      freed.push(...blamed.filter(({ probe }) => step.frees(probe.place)));
    }
    if (changed.length === 0) return { results, isUnnoticed: false };
    const settleMs = Math.max(...changed.map((blocker) => blocker.settleMs));
    const isSettled = await settle(wayOut, freed, settleMs);
    if (!isSettled && changed.every(({ isWatchedElsewhere }) => isWatchedElsewhere))
      return { results, isUnnoticed: true };
    results = await wayOut.runProbes(wayOut.probes);
  }
  return { results, isUnnoticed: false };
}

/**
 * Waits until the API server applies a change: each object is admitted, or something else refuses it. All objects are
 * checked, because several API servers may share one address, and one of them may be late. While an API server
 * restarts, it does not answer.
 */
async function settle(wayOut: WayOut, before: readonly ProbeResult[], settleMs: number): Promise<boolean> {
  const probes = before.map(({ probe }) => probe);
  const deadline = wayOut.elapsed() + settleMs;
  do {
    const now = await wayOut.runProbes(probes).catch((error: unknown) => {
      if (error instanceof KubernetesError) return before;
      throw error;
    });
    if (!now.some((result, index) => isAsBefore(result, before[index]))) return true;
    await wayOut.sleep(POLL_MS);
  } while (wayOut.elapsed() < deadline);
  return false;
}

function isAsBefore({ refusal }: ProbeResult, before: ProbeResult | undefined): boolean {
  const earlier = before?.refusal;
  return refusal !== undefined && earlier !== undefined && originOf(refusal) === originOf(earlier);
}

/** Joins several changes of one object or file: keeps the state before the first change and after the last one. */
function merge(changes: RecordedChange[], change: RecordedChange): void {
  const earlier = changes.findIndex((candidate) => targetOf(candidate) === targetOf(change));
  const known = changes[earlier];
  if (known === undefined) changes.push(change);
  else changes[earlier] = { ...known, after: change.after } as RecordedChange;
}

function targetOf(change: RecordedChange): string {
  return change.kind === 'file'
    ? `file ${change.path}`
    : `${change.before.kind} ${change.before.metadata.name}`;
}
