import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubernetesError } from '../kubernetes/errors.ts';
import type { Blocker, Change, Step } from './blocker.ts';
import type { Finding, Probe } from './probes.ts';
import { readRefusal } from '../wiring/refusal.ts';
import { diagnose, takeWayOut, type WayOutTaken } from './way-out.ts';

const kubeSystem = probeIn('kube-system', true);
const people = probeIn('default', false);

function probeIn(namespace: string, isWanted: boolean): Probe {
  const place = { namespace, role: isWanted ? 'vital' : 'other', isWanted } as const;
  return { place, kind: 'Pod', candidates: [], isGuess: false };
}

function refused(probe: Probe, message = 'failed calling webhook "a.b.c": no'): Finding {
  return { probe, refusal: readRefusal(500, message) };
}

function works(probe: Probe): Finding {
  return { probe, refusal: undefined };
}

/** A clock that moves only during `sleep`. */
function clock(): { readonly elapsed: () => number; readonly sleep: (ms: number) => Promise<void> } {
  let now = 0;
  return { elapsed: () => now, sleep: async (ms) => void (now += ms) };
}

/** A blocker that does what it is told, with the changes that were kept and the steps that were taken. */
class Rehearsal {
  readonly kept: (readonly Change[])[] = [];
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
        assert.equal(this.kept.at(-1)?.[0]?.after, name, 'what was before is kept first');
        this.#steps.shift();
        this.taken.push(name);
      },
    };
  }

  /** `answers`: by the steps taken so far, in their order. */
  go(answers: (taken: readonly string[]) => readonly Finding[]): Promise<WayOutTaken> {
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
    const { findings } = await rehearsal.go((taken) => [
      taken.includes('narrow') ? works(kubeSystem) : refused(kubeSystem),
      refused(people),
    ]);
    assert.deepEqual(rehearsal.taken, ['narrow']);
    assert.deepEqual(findings, [works(kubeSystem), refused(people)]);
  });

  it('goes on to the next step when one was of no use', async () => {
    const rehearsal = new Rehearsal(['narrow', 'ignore', 'remove']);
    await rehearsal.go((taken) => [
      taken.includes('ignore') ? works(kubeSystem) : refused(kubeSystem),
      works(people),
    ]);
    assert.deepEqual(rehearsal.taken, ['narrow', 'ignore']);
  });

  it('ends when nothing is left to be done', async () => {
    const rehearsal = new Rehearsal(['narrow', 'remove']);
    const { findings, isUnnoticed } = await rehearsal.go(() => [refused(kubeSystem), works(people)]);
    assert.deepEqual(rehearsal.taken, ['narrow', 'remove']);
    assert.deepEqual([findings[0], isUnnoticed], [refused(kubeSystem), false]);
  });

  it('takes no harder step while nobody has noticed the one before', async () => {
    const rehearsal = new Rehearsal(['narrow', 'remove'], { isWatchedElsewhere: true });
    const { isUnnoticed } = await rehearsal.go(() => [refused(kubeSystem), works(people)]);
    assert.deepEqual([rehearsal.taken, isUnnoticed], [['narrow'], true]);
  });

  it('waits until the API server acts on a change, and while it starts again', async () => {
    const rehearsal = new Rehearsal(['narrow', 'remove'], { settleMs: 10_000 });
    let asked = 0;
    await rehearsal.go((taken) => {
      if (taken.length > 0) asked += 1;
      if (asked === 2) throw new KubernetesError('CLUSTER_UNREACHABLE', 'starting');
      return [asked > 2 ? works(kubeSystem) : refused(kubeSystem), works(people)];
    });
    assert.deepEqual(rehearsal.taken, ['narrow']);
  });

  it('waits for the API server as long as the blocker says, and no longer', async () => {
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

  it('waits for the last of several API servers, before it takes a harder step', async () => {
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

  it('changes nothing when what was before cannot be kept', async () => {
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

  it('keeps what was before the first of several changes, and what the last one left', async () => {
    const rehearsal = new Rehearsal(['narrow', 'ignore']);
    await rehearsal.go((taken) => [
      taken.length > 1 ? works(kubeSystem) : refused(kubeSystem),
      works(people),
    ]);
    const [change, ...others] = rehearsal.kept.at(-1) ?? [];
    assert.deepEqual([change?.before, change?.after, others], ['', 'ignore', []]);
  });

  it('does nothing where only what nobody asked for is locked, or somebody else locks', async () => {
    const rehearsal = new Rehearsal(['narrow']);
    await rehearsal.go(() => [works(kubeSystem), refused(people)]);
    await rehearsal.go(() => [refused(kubeSystem, 'pods "p" is forbidden: exceeded quota'), works(people)]);
    assert.deepEqual([rehearsal.taken, rehearsal.kept], [[], []]);
  });
});

describe('a diagnosis', () => {
  it('says which steps the goal needs, and which go further', async () => {
    const { blocker } = new Rehearsal(['narrow', 'ignore']);
    const { locks, unexplained } = await diagnose([refused(kubeSystem), refused(people)], [blocker]);
    assert.deepEqual(
      locks.map(({ findings, steps }) => [findings.length, steps.map(({ isNeeded }) => isNeeded)]),
      [[2, [true, false]]],
    );
    assert.deepEqual(unexplained, []);
  });

  it('tells apart what no blocker accounts for', async () => {
    const { blocker } = new Rehearsal([]);
    const quota = refused(people, 'pods "p" is forbidden: exceeded quota');
    const { locks, unexplained } = await diagnose([works(kubeSystem), quota], [blocker]);
    assert.deepEqual([locks, unexplained], [[], [quota]]);
  });
});
