import type { GateProcess, StartOptions } from './gate-process.ts';
import { startServe } from './gate-process.ts';

/** Gates that several tests of a file ask: each is started when the first of them needs it. */
export interface SharedGates extends AsyncDisposable {
  readonly share: (
    args: () => Promise<readonly string[]> | readonly string[],
    options?: () => Promise<StartOptions>,
  ) => () => Promise<GateProcess>;
}

/** No gate yet. Starting one takes a third of a second of computing, so tests that can do with one share it. */
export function sharedGates(): SharedGates {
  const started: Promise<GateProcess>[] = [];
  return {
    share: (args, options) => {
      let gate: Promise<GateProcess> | undefined;
      const start = async (): Promise<GateProcess> => startServe(await args(), await options?.());
      return () => {
        if (gate === undefined) started.push((gate = start()));
        return gate;
      };
    },
    [Symbol.asyncDispose]: async () => {
      for (const gate of await Promise.allSettled(started)) {
        if (gate.status === 'fulfilled') await gate.value[Symbol.asyncDispose]();
      }
    },
  };
}
