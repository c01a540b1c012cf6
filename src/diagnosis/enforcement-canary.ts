import type { KubernetesClient } from '../kubernetes/client.ts';
import { sendCanary, type CanaryResult } from '../wiring/canary.ts';

/** Maximum time of a trial, including the time to get credentials. A request may be in admission for 34 s. */
const TRIAL_MS = 45_000;

interface EnforcementCanaryOptions {
  /** Opens the cluster. It is called again only after a failure. */
  readonly open: () => Promise<Pick<KubernetesClient, 'send'>>;
  readonly namespace: string;
  /** The pause between two trials, in milliseconds. */
  readonly intervalMs: number;
  /** Maximum time of a trial, in milliseconds. @default 45000 */
  readonly trialMs?: number;
  /** Rejects when the signal is aborted. It must not keep the process alive. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Called after each trial; `isNew` if `enforcing` differs from that of the trial before. */
  readonly onResult: (result: Enforcement, isNew: boolean) => void;
}

/** Repeats its trial until it is disposed. */
export interface EnforcementCanary extends Disposable {
  /** The message of the last trial; `undefined` before the first result. */
  readonly detail: () => string | undefined;
}

/** The result of a trial. */
interface Enforcement {
  /** `undefined` if the trial shows nothing. */
  readonly enforcing: boolean | undefined;
  readonly message: string;
}

/** Repeatedly creates a pod that every policy refuses, in a dry run. A failure is a result, and never thrown. */
export function startEnforcementCanary(options: EnforcementCanaryOptions): EnforcementCanary {
  const { open, namespace, intervalMs, trialMs = TRIAL_MS, sleep, onResult } = options;
  let client: Pick<KubernetesClient, 'send'> | undefined;
  let last: Enforcement | undefined;
  const leaving = new AbortController();
  const attempt = async (signal: AbortSignal): Promise<CanaryResult> => {
    client ??= await open();
    return sendCanary(client, { namespace, signal });
  };
  const tryOnce = async (): Promise<Enforcement> => {
    try {
      return readResult(await within(trialMs, attempt, sleep, leaving.signal));
    } catch (error) {
      return unknown(error instanceof Error ? error.message : String(error));
    }
  };
  const run = async (): Promise<void> => {
    while (!leaving.signal.aborted) {
      const found = await tryOnce();
      if (leaving.signal.aborted) return;
      const isNew = last === undefined || last.enforcing !== found.enforcing;
      last = found;
      onResult(found, isNew);
      await sleep(intervalMs, leaving.signal).catch(() => undefined);
    }
  };
  void run();
  return { detail: () => last?.message, [Symbol.dispose]: () => leaving.abort() };
}

/** The result of an attempt that has `milliseconds`. The signal of the attempt is aborted after that, and at the end. */
async function within<Result>(
  milliseconds: number,
  attempt: (signal: AbortSignal) => Promise<Result>,
  sleep: EnforcementCanaryOptions['sleep'],
  leaving: AbortSignal,
): Promise<Result> {
  const [trial, timer] = [new AbortController(), new AbortController()];
  const giveUp = (): void => trial.abort(new Error(`no answer within ${milliseconds / 1000} s`));
  sleep(milliseconds, timer.signal).then(giveUp, () => undefined);
  leaving.addEventListener('abort', giveUp);
  const { promise: over, reject } = Promise.withResolvers<never>();
  trial.signal.addEventListener('abort', () => reject(trial.signal.reason as Error));
  try {
    // A package that fetches a token may ignore the signal.
    return await Promise.race([attempt(trial.signal), over]);
  } finally {
    timer.abort();
    leaving.removeEventListener('abort', giveUp);
  }
}

function readResult(result: CanaryResult): Enforcement {
  switch (result.outcome) {
    case 'refused':
      return {
        enforcing: true,
        message: `enforcing: the API server refuses a bad pod (${result.by.name})`,
      };
    case 'admitted':
      return {
        enforcing: false,
        message: 'not enforcing: the API server admits a pod that every policy refuses',
      };
    case 'unreachable':
      return unknown(`the API server cannot call the gate (${result.by.name}): ${result.message}`);
    case 'undecided':
    case 'forbidden':
      return unknown(result.message);
  }
}

function unknown(reason: string): Enforcement {
  return {
    enforcing: undefined,
    message: `it is not known whether the gate is enforcing: ${reason}`,
  };
}
