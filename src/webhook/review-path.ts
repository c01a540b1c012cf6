import { STAGES, type Stage } from '../policy/stage.ts';

/** Where a webhook asks at a stage. Every segment is one that the API server accepts in `service.path`. */
export function reviewPath(stage: Stage): string {
  return stage === 'deny' ? '/validate' : `/validate/${stage}`;
}

/** The stage that a webhook's path means; `undefined` for a path that is not ours. */
export function stageOfPath(path: string): Stage | undefined {
  // The Go program's path, which a hand-made configuration may still have, and the long form of the last stage.
  if (path === '/' || path === '/validate/deny') return 'deny';
  return STAGES.find((stage) => reviewPath(stage) === path);
}

/** Below `deny` a gate that does not answer refuses nothing either. */
export function failurePolicyAt(stage: Stage): 'Fail' | 'Ignore' {
  return stage === 'deny' ? 'Fail' : 'Ignore';
}

/** Whether a change of stages bites harder than before; any stage bites harder than none. */
export function isStageUp(from: Stage | undefined, to: Stage): boolean {
  return from === undefined || HARDNESS[to] > HARDNESS[from];
}

const HARDNESS: Readonly<Record<Stage, number>> = { audit: 0, warn: 1, deny: 2 };
