import type { GateProcess, StartOptions } from './gate-process.ts';
import { startServe } from './gate-process.ts';

/** Gates that several tests of a file share. Each is started by the first test that needs it. */
interface SharedGates extends AsyncDisposable {
  readonly share: (
    args: () => Promise<readonly string[]> | readonly string[],
    options?: () => Promise<StartOptions>,
  ) => () => Promise<GateProcess>;
}

/** Starts without a gate. A start takes 0.3 s of CPU, so tests share a gate if possible. */
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
