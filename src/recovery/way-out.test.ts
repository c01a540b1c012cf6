import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubernetesError } from '../kubernetes/errors.ts';
import type { Blocker, RecordedChange, Step } from './blocker.ts';
import type { ProbeResult, Probe } from './probes.ts';
import { readRefusal } from '../wiring/refusal.ts';
import { explainLocks, takeWayOut, type WayOutTaken } from './way-out.ts';

const kubeSystem = probeIn('kube-system', true);
const people = probeIn('default', false);

function probeIn(namespace: string, isWanted: boolean): Probe {
  const place = { namespace, role: isWanted ? 'vital' : 'other', isWanted } as const;
  return { place, kind: 'Pod', candidates: [], isGuess: false };
}

function refused(probe: Probe, message = 'failed calling webhook "a.b.c": no'): ProbeResult {
  return { probe, refusal: readRefusal(500, message) };
}

function works(probe: Probe): ProbeResult {
  return { probe, refusal: undefined };
}

/** A clock that moves only during `sleep`. */
function clock(): { readonly elapsed: () => number; readonly sleep: (ms: number) => Promise<void> } {
  let now = 0;
  return { elapsed: () => now, sleep: async (ms) => void (now += ms) };
}

/** A blocker with given steps. It keeps the recorded changes and the names of the steps. */
class Rehearsal {
  readonly kept: (readonly RecordedChange[])[] = [];
  readonly taken: string[] = [];
  readonly blocker: Blocker;
  readonly #steps: string[];

  constructor(steps: readonly string[], options: Partial<Blocker> = {}) {
    this.#steps = [...steps];
    this.blocker = {
      name: 'webhook a.b.c',
      settleMs: 0,
      isWatchedElsewhere: false,
      blames: ({ plugin, name }) => plugin === 'webhook' && name === 'a.b.c',
      describe: async () => 'failurePolicy Fail',
      steps: async () => this.#steps.map((name) => this.#step(name)),
      ...options,
    };
  }

  #step(name: string): Step {
    return {
      kind: 'ignore',
      does: name,
      byHand: [],
      frees: ({ namespace }) => name !== 'narrow' || namespace === 'kube-system',
      foresee: async () => [
        { kind: 'file', path: '/x', mode: 0o600, uid: 0, gid: 0, before: this.taken.join(), after: name },
      ],
      perform: async () => {
        assert.equal(this.kept.at(-1)?.[0]?.after, name, 'the earlier state is recorded first');
        this.#steps.shift();
        this.taken.push(name);
      },
    };
  }

  /** `answers`: the results, by the steps until then. */
  go(answers: (taken: readonly string[]) => readonly ProbeResult[]): Promise<WayOutTaken> {
    return takeWayOut({
      probes: [kubeSystem, people],
      blockers: [this.blocker],
      runProbes: async (probes) => answers(this.taken).filter(({ probe }) => probes.includes(probe)),
      keep: async (changes) => void this.kept.push([...changes]),
      onStep: () => undefined,
      ...clock(),
    });
  }
}

describe('a way out', () => {
  it('stops as soon as the goal is reached', async () => {
    const rehearsal = new Rehearsal(['narrow', 'ignore', 'remove']);
    const { results } = await rehearsal.go((taken) => [
      taken.includes('narrow') ? works(kubeSystem) : refused(kubeSystem),
      refused(people),
    ]);
    assert.deepEqual(rehearsal.taken, ['narrow']);
    assert.deepEqual(results, [works(kubeSystem), refused(people)]);
  });

  it('takes the next step if one had no effect', async () => {
    const rehearsal = new Rehearsal(['narrow', 'ignore', 'remove']);
    await rehearsal.go((taken) => [
      taken.includes('ignore') ? works(kubeSystem) : refused(kubeSystem),
      works(people),
    ]);
    assert.deepEqual(rehearsal.taken, ['narrow', 'ignore']);
  });

  it('ends if no step is left', async () => {
    const rehearsal = new Rehearsal(['narrow', 'remove']);
    const { results, isUnnoticed } = await rehearsal.go(() => [refused(kubeSystem), works(people)]);
    assert.deepEqual(rehearsal.taken, ['narrow', 'remove']);
    assert.deepEqual([results[0], isUnnoticed], [refused(kubeSystem), false]);
  });

  it('takes no stronger step before the kubelet has applied the last one', async () => {
    const rehearsal = new Rehearsal(['narrow', 'remove'], { isWatchedElsewhere: true });
    const { isUnnoticed } = await rehearsal.go(() => [refused(kubeSystem), works(people)]);
    assert.deepEqual([rehearsal.taken, isUnnoticed], [['narrow'], true]);
  });

  it('waits until the API server applies a change, also while it restarts', async () => {
    const rehearsal = new Rehearsal(['narrow', 'remove'], { settleMs: 10_000 });
    let asked = 0;
    await rehearsal.go((taken) => {
      if (taken.length > 0) asked += 1;
      if (asked === 2) throw new KubernetesError('CLUSTER_UNREACHABLE', 'starting');
      return [asked > 2 ? works(kubeSystem) : refused(kubeSystem), works(people)];
    });
    assert.deepEqual(rehearsal.taken, ['narrow']);
  });

  it('waits for the API server at most for the time of the blocker', async () => {
    const rehearsal = new Rehearsal(['narrow'], { settleMs: 10_000 });
    const time = clock();
    let waitedMs = 0;
    await takeWayOut({
      probes: [kubeSystem],
      blockers: [rehearsal.blocker],
      runProbes: async () => [refused(kubeSystem)],
      keep: async (changes) => void rehearsal.kept.push([...changes]),
      onStep: () => undefined,
      elapsed: time.elapsed,
      sleep: async (ms) => {
        waitedMs += ms;
        await time.sleep(ms);
      },
    });
    assert.equal(waitedMs, 10_000);
  });

  it('waits for the last of several API servers before a stronger step', async () => {
    const rehearsal = new Rehearsal(['ignore', 'remove'], { settleMs: 10_000 });
    const nodes = probeIn('kube-node-lease', true);
    let asked = 0;
    await takeWayOut({
      probes: [kubeSystem, nodes],
      blockers: [rehearsal.blocker],
      runProbes: async () => {
        if (rehearsal.taken.length > 0) asked += 1;
        return [
          asked > 0 ? works(kubeSystem) : refused(kubeSystem),
          asked > 2 ? works(nodes) : refused(nodes),
        ];
      },
      keep: async (changes) => void rehearsal.kept.push([...changes]),
      onStep: () => undefined,
      ...clock(),
    });
    assert.deepEqual(rehearsal.taken, ['ignore']);
  });

  it('changes nothing if the earlier state cannot be recorded', async () => {
    const rehearsal = new Rehearsal(['narrow']);
    const going = takeWayOut({
      probes: [kubeSystem],
      blockers: [rehearsal.blocker],
      runProbes: async () => [refused(kubeSystem)],
      keep: async () => Promise.reject(new Error('disk full')),
      onStep: () => undefined,
      ...clock(),
    });
    await assert.rejects(going, /disk full/);
    assert.deepEqual(rehearsal.taken, []);
  });

  it('records the state before the first change and after the last one', async () => {
    const rehearsal = new Rehearsal(['narrow', 'ignore']);
    await rehearsal.go((taken) => [
      taken.length > 1 ? works(kubeSystem) : refused(kubeSystem),
      works(people),
    ]);
    const [change, ...others] = rehearsal.kept.at(-1) ?? [];
    assert.deepEqual([change?.before, change?.after, others], ['', 'ignore', []]);
  });

  it('does nothing if only places outside the goal are locked, or something else refuses', async () => {
    const rehearsal = new Rehearsal(['narrow']);
    await rehearsal.go(() => [works(kubeSystem), refused(people)]);
    await rehearsal.go(() => [refused(kubeSystem, 'pods "p" is forbidden: exceeded quota'), works(people)]);
    assert.deepEqual([rehearsal.taken, rehearsal.kept], [[], []]);
  });
});

describe('a report of a lock-out', () => {
  it('marks the steps that the goal needs', async () => {
    const { blocker } = new Rehearsal(['narrow', 'ignore']);
    const { locks, unexplained } = await explainLocks([refused(kubeSystem), refused(people)], [blocker]);
    assert.deepEqual(
      locks.map(({ results, steps }) => [results.length, steps.map(({ isNeeded }) => isNeeded)]),
      [[2, [true, false]]],
    );
    assert.deepEqual(unexplained, []);
  });

  it('lists the results that no blocker explains', async () => {
    const { blocker } = new Rehearsal([]);
    const quota = refused(people, 'pods "p" is forbidden: exceeded quota');
    const { locks, unexplained } = await explainLocks([works(kubeSystem), quota], [blocker]);
    assert.deepEqual([locks, unexplained], [[], [quota]]);
  });
});
