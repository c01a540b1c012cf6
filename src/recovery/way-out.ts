import type { Blocker, Change, Step } from './blocker.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { isLocked, type Finding, type Probe } from './probes.ts';
import { originOf } from '../wiring/refusal.ts';

/** How often the API server is asked whether it has noticed a change. */
const POLL_MS = 250;

/** Far more than any number of webhooks times four remedies that a person would still understand. */
const MAX_STEPS = 64;

/** What a blocker stops, and what can be done about it. */
export interface Lock {
  readonly blocker: Blocker;
  readonly description: string;
  readonly findings: readonly Finding[];
  /** In order; those that the goal needs come first. */
  readonly steps: readonly PlannedStep[];
}

export interface PlannedStep {
  readonly step: Step;
  /** Whether the goal should not be reached without it. */
  readonly isNeeded: boolean;
}

/** The lock-out as it is, without anything being done. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly locks: readonly Lock[];
  /** Locked, by something that is none of these blockers. */
  readonly unexplained: readonly Finding[];
}

/** Joins what is refused to who refuses it. */
export async function diagnose(
  findings: readonly Finding[],
  blockers: readonly Blocker[],
): Promise<Diagnosis> {
  const locked = findings.filter(isLocked);
  const locks: Lock[] = [];
  for (const blocker of blockers) {
    const blamed = locked.filter((finding) => isBlamed(blocker, finding));
    const description = blamed.length === 0 ? undefined : await blocker.describe();
    if (description === undefined) continue;
    locks.push({
      blocker,
      description,
      findings: blamed,
      steps: planSteps(await blocker.steps(blamed), blamed),
    });
  }
  return {
    findings,
    locks,
    unexplained: locked.filter((finding) => !locks.some((lock) => lock.findings.includes(finding))),
  };
}

function planSteps(steps: readonly Step[], findings: readonly Finding[]): readonly PlannedStep[] {
  let left = findings.filter(isWanted);
  return steps.map((step) => {
    const isNeeded = left.length > 0;
    left = left.filter(({ probe }) => !step.frees(probe.place));
    return { step, isNeeded };
  });
}

function isBlamed(blocker: Blocker, { refusal }: Finding): boolean {
  return refusal !== undefined && 'by' in refusal && blocker.blames(refusal.by);
}

function isWanted({ probe }: Finding): boolean {
  return probe.place.isWanted;
}

/** What taking the way out needs from outside. */
interface WayOut {
  readonly probes: readonly Probe[];
  readonly blockers: readonly Blocker[];
  readonly runProbes: (probes: readonly Probe[]) => Promise<readonly Finding[]>;
  /** Milliseconds of a clock that only goes forward. */
  readonly elapsed: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Called before each change with all changes so far and this one: nothing is changed that is not kept. */
  readonly keep: (changes: readonly Change[]) => Promise<void>;
  /** Told of each step once it is done. */
  readonly onStep: (blocker: Blocker, step: Step) => void;
}

/** How things stand when a way out has been taken as far as it goes. */
export interface WayOutTaken {
  readonly findings: readonly Finding[];
  /** Nobody has acted on the last change in time, so that nothing is known of its use, and no harder one was made. */
  readonly isUnnoticed: boolean;
}

/**
 * Takes one step after the other until everything that the goal asks for can be created again, or nothing is left to
 * be done.
 */
export async function takeWayOut(wayOut: WayOut): Promise<WayOutTaken> {
  const changes: Change[] = [];
  let findings = await wayOut.runProbes(wayOut.probes);
  for (let taken = 0; taken < MAX_STEPS; taken += 1) {
    const locked = findings.filter(isLocked).filter(isWanted);
    const changed: Blocker[] = [];
    const freed: Finding[] = [];
    for (const blocker of wayOut.blockers) {
      // Each looks again at what it holds: two webhooks of one configuration change the same object.
      const blamed = locked.filter((finding) => isBlamed(blocker, finding));
      const [step] = blamed.length === 0 ? [] : await blocker.steps(blamed);
      if (step === undefined) continue;
      for (const change of await step.foresee()) merge(changes, change);
      await wayOut.keep(changes);
      await step.perform();
      wayOut.onStep(blocker, step);
      changed.push(blocker);
      freed.push(...blamed.filter(({ probe }) => step.frees(probe.place)));
    }
    if (changed.length === 0) return { findings, isUnnoticed: false };
    const settleMs = Math.max(...changed.map((blocker) => blocker.settleMs));
    const isSettled = await settle(wayOut, freed, settleMs);
    if (!isSettled && changed.every(({ isWatchedElsewhere }) => isWatchedElsewhere))
      return { findings, isUnnoticed: true };
    findings = await wayOut.runProbes(wayOut.probes);
  }
  return { findings, isUnnoticed: false };
}

/**
 * Waits until the API server acts on the change: all that should pass now passes, or is refused by somebody else. All
 * of it, for behind one address there may be several API servers, of which one is late. While one starts again it does
 * not answer.
 */
async function settle(wayOut: WayOut, before: readonly Finding[], settleMs: number): Promise<boolean> {
  const probes = before.map(({ probe }) => probe);
  const deadline = wayOut.elapsed() + settleMs;
  do {
    const now = await wayOut.runProbes(probes).catch((error: unknown) => {
      if (error instanceof KubernetesError) return before;
      throw error;
    });
    if (!now.some((finding, index) => isAsBefore(finding, before[index]))) return true;
    await wayOut.sleep(POLL_MS);
  } while (wayOut.elapsed() < deadline);
  return false;
}

function isAsBefore({ refusal }: Finding, before: Finding | undefined): boolean {
  const earlier = before?.refusal;
  return refusal !== undefined && earlier !== undefined && originOf(refusal) === originOf(earlier);
}

/** Of several changes to one thing, what was before the first and what is left by the last. */
function merge(changes: Change[], change: Change): void {
  const earlier = changes.findIndex((candidate) => targetOf(candidate) === targetOf(change));
  const known = changes[earlier];
  if (known === undefined) changes.push(change);
  else changes[earlier] = { ...known, after: change.after } as Change;
}

function targetOf(change: Change): string {
  return change.kind === 'file'
    ? `file ${change.path}`
    : `${change.before.kind} ${change.before.metadata.name}`;
}
