import { millisecondsSinceWritten } from '../file/bounded-file.ts';
import { decodePolicy } from '../policy/decode.ts';
import { defaultPolicyDocument } from '../policy/default-policy.ts';
import { sayWarning } from '../policy/lint.ts';
import type { Policy } from '../policy/policy.ts';
import { MAX_BYTES_WITHOUT_THREAD } from './policy-file.ts';
import type { LoadedPolicy } from './load.ts';
import type { Reload } from './store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Where a policy comes from. */
export type PolicyOrigin =
  | { readonly kind: 'file'; readonly file: string }
  /** The default policy. Images are allowed from these registries; from every registry if the list is empty. */
  | { readonly kind: 'default'; readonly registries: readonly string[] };

/** The policy of a server: a file that is followed, or the default policy. */
export interface PolicySource extends AsyncDisposable {
  readonly current: () => Policy | undefined;
  readonly reload: () => Promise<unknown>;
  /** Why no review can be decided; `undefined` if a policy is active. */
  readonly fault: () => string | undefined;
  /** A problem that does not prevent decisions. */
  readonly detail: () => string | undefined;
}

/** What a followed policy needs of its program. */
interface PolicySurroundings {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => Date;
}

/**
 * Loads a policy once. `language` chooses among a rule's `messages`.
 * @throws {PolicyFileError} when the file cannot be loaded
 * @throws {PolicyProblemsError} for a registry that is not valid
 */
export async function loadPolicyFrom(
  origin: PolicyOrigin,
  language: string | undefined,
): Promise<LoadedPolicy> {
  if (origin.kind === 'file') {
    // Loads the YAML library, which the default policy does not need.
    const { loadPolicyAndDocument } = await import('./load.ts');
    return loadPolicyAndDocument(origin.file, language);
  }
  const document = defaultPolicyDocument(origin.registries);
  return { policy: await decodePolicy(document, language), document };
}

/**
 * Opens the policy of a server. A file with a broken policy is followed until it is corrected; meanwhile `fault` says what
 * is wrong, and every review is refused.
 * @throws {PolicyFileError} POLICY_UNREADABLE
 * @throws {PolicyProblemsError} for a registry that is not valid
 */
export async function openPolicySource(
  origin: PolicyOrigin,
  language: string | undefined,
  surroundings: PolicySurroundings,
): Promise<PolicySource> {
  if (origin.kind === 'file') return followFile(origin.file, language, surroundings);
  const { policy } = await loadPolicyFrom(origin, language);
  surroundings.metrics.policyLoaded(policy.identity);
  // A gauge starts at 0, and here 0 means a failure.
  surroundings.metrics.policyReloaded('success');
  return {
    current: () => policy,
    reload: async () => undefined,
    fault: () => undefined,
    detail: () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function followFile(
  file: string,
  language: string | undefined,
  { log, metrics, now }: PolicySurroundings,
): Promise<PolicySource> {
  // Loads the schema of rules, which the default policy does not need.
  const { PolicyStore } = await import('./store.ts');
  const { examineInThread } = await import('./read-policy.ts');
  let isOpen = false;
  let isThreadMissed = false;
  const onNoThread = (): void => {
    if (isThreadMissed) return;
    isThreadMissed = true;
    log.write('warn', 'policies are read without a thread', {
      problem: `Node has no --allow-worker, so a policy of more than ${MAX_BYTES_WITHOUT_THREAD} bytes is not read`,
    });
  };
  const store = new PolicyStore({
    file,
    examine: examineInThread({ onNoThread }),
    language,
    now: () => now().getTime(),
    ageOf: (path) => millisecondsSinceWritten(path, now()),
    onReload: (reload) => {
      if (isOpen) report(reload, store.current() !== undefined, { log, metrics });
    },
  });
  const first = await store.reload();
  if (first.result === 'kept' && first.error.code === 'POLICY_UNREADABLE') {
    await store[Symbol.asyncDispose]();
    throw first.error;
  }
  isOpen = true;
  report(first, store.current() !== undefined, { log, metrics });
  store.watch();
  const problem = (): string | undefined => {
    const error = store.problem();
    // Strangers can read the page of readiness, and the message may quote the file.
    return error && `${error.code} at ${error.place}`;
  };
  return {
    current: () => store.current(),
    reload: () => store.reload(),
    fault: () => (store.current() === undefined ? `no policy is loaded: ${problem()}` : undefined),
    detail: () => {
      const found = problem();
      return found && `the last good policy stays active: ${found}`;
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** Most warnings in the log for one policy. `check` prints all of them. */
const LOGGED_WARNINGS = 20;

function report(
  reload: Reload,
  hasPolicy: boolean,
  { log, metrics }: Pick<PolicySurroundings, 'log' | 'metrics'>,
): void {
  switch (reload.result) {
    case 'unchanged':
      return;
    case 'loaded': {
      const { name, revision } = reload.policy.identity;
      metrics.policyLoaded({ name, revision });
      metrics.policyReloaded('success');
      log.write('info', 'policy loaded', { policy: { name, revision } });
      for (const warning of reload.policy.warnings.slice(0, LOGGED_WARNINGS))
        log.write('warn', 'policy warning', { code: warning.code, problem: sayWarning(warning) });
      return;
    }
    case 'kept':
      metrics.policyReloaded('failure');
      log.write(
        'error',
        hasPolicy
          ? 'policy not loaded; the last good one stays active'
          : 'policy not loaded; every review is refused',
        {
          code: reload.error.code,
          problem: reload.error.message,
        },
      );
  }
}
