import type { CanaryResult } from '../wiring/canary.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Log, LogEvent, LogLevel } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CanarySettings } from './settings.ts';

/** Longest that a trial may take, credentials and all. A request that passes admission may last 34 s. */
const TRIAL_MS = 45_000;

/** Where the canary tells what it has found. */
export interface CanaryWitnesses {
  readonly log: Pick<Log, 'write'>;
  readonly metrics: Pick<Metrics, 'enforcing'>;
  /** @default the cluster of the settings, opened when the first trial needs it */
  readonly open?: (settings: CanarySettings) => Promise<Pick<KubernetesClient, 'send'>>;
  /** How long a trial may take before it shows nothing, in milliseconds. @default 45000 */
  readonly trialMs?: number;
}

/** A trial that is repeated for as long as the gate runs. */
export interface EnforcementCanary extends Disposable {
  /** For the readiness page: what the last trial has shown. */
  readonly detail: () => string | undefined;
}

/** What a trial says about the cluster; `undefined` when it says nothing. */
export interface Enforcement {
  readonly enforcing: boolean | undefined;
  readonly level: LogLevel;
  readonly event: LogEvent;
  /** The event with what was seen: for the readiness page. */
  readonly message: string;
}

/**
 * Asks the API server again and again to admit a pod that every policy refuses, on trial. Says when the answer
 * changes, and never fails: a gate that is not asked is no worse a gate.
 */
export function startEnforcementCanary(
  settings: CanarySettings,
  witnesses: CanaryWitnesses,
): EnforcementCanary {
  const { open = openSettings, log, metrics, trialMs = TRIAL_MS } = witnesses;
  let client: Pick<KubernetesClient, 'send'> | undefined;
  let last: Enforcement | undefined;
  let timer: NodeJS.Timeout | undefined;
  const leaving = new AbortController();
  const tell = (found: Enforcement): void => {
    if (leaving.signal.aborted) return;
    metrics.enforcing(found.enforcing);
    if (last === undefined || last.enforcing !== found.enforcing)
      log.write(found.level, found.event, {
        enforcing: found.enforcing ?? null,
        detail: found.message,
      });
    last = found;
  };
  const attempt = async (signal: AbortSignal): Promise<CanaryResult> => {
    client ??= await open(settings);
    const { sendCanary } = await import('../wiring/canary.ts');
    const { CANARY_IMAGE } = await import('../wiring/canary.ts');
    return sendCanary(client, { kind: 'Pod', namespace: settings.namespace, image: CANARY_IMAGE, signal });
  };
  const look = async (): Promise<void> => {
    try {
      tell(readResult(await within(trialMs, attempt, leaving.signal)));
    } catch (error) {
      tell(unknown(error instanceof Error ? error.message : String(error)));
    }
    // The next trial waits for this one.
    if (!leaving.signal.aborted) timer = setTimeout(() => void look(), settings.intervalMs).unref();
  };
  metrics.enforcing(undefined);
  void look();
  return {
    detail: () => last?.message,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      leaving.abort();
    },
  };
}

/** What comes of a trial in time; the signal that it is given ends what it has begun. */
async function within<Found>(
  milliseconds: number,
  attempt: (signal: AbortSignal) => Promise<Found>,
  leaving: AbortSignal,
): Promise<Found> {
  const trial = new AbortController();
  const giveUp = (): void => trial.abort(new Error(`no answer within ${milliseconds / 1000} s`));
  const timer = setTimeout(giveUp, milliseconds).unref();
  leaving.addEventListener('abort', giveUp);
  const { promise: over, reject } = Promise.withResolvers<never>();
  trial.signal.addEventListener('abort', () => reject(trial.signal.reason as Error));
  try {
    // Not everything hears the signal: a token may be fetched by a package that knows no deadline.
    return await Promise.race([attempt(trial.signal), over]);
  } finally {
    clearTimeout(timer);
    leaving.removeEventListener('abort', giveUp);
  }
}

/** With it come the Kubernetes client and its packages, which nobody needs who has no canary. */
async function openSettings({ kubeconfig }: CanarySettings): Promise<KubernetesClient> {
  const { openCluster } = await import('../kubernetes/config.ts');
  return openCluster({ kubeconfig });
}

/** What became of the bad pod, as a sentence. */
export function readResult(result: CanaryResult): Enforcement {
  switch (result.outcome) {
    case 'refused':
      return {
        enforcing: true,
        level: 'info',
        event: 'the API server enforces the policy',
        message: `enforcing: the API server refuses a bad pod (${result.by.name})`,
      };
    case 'admitted':
      return {
        enforcing: false,
        level: 'error',
        event: 'the API server does not enforce the policy',
        message: 'not enforcing: the API server admits a pod that every policy refuses',
      };
    case 'unreachable':
      return unknown(`the API server cannot ask the gate (${result.by.name}): ${result.message}`);
    case 'undecided':
    case 'forbidden':
      return unknown(result.message);
  }
}

function unknown(reason: string): Enforcement {
  return {
    enforcing: undefined,
    level: 'warn',
    event: 'it is not known whether the API server enforces the policy',
    message: `it is not known whether the gate is enforcing: ${reason}`,
  };
}
