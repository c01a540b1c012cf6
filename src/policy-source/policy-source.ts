import { decodePolicy } from '../policy/decode.ts';
import { defaultPolicyDocument } from '../policy/default-policy.ts';
import { sayWarning } from '../policy/lint.ts';
import type { Policy } from '../policy/policy.ts';
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

interface PolicyWitnesses {
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Loads a policy once. `language` chooses among a rule's `messages`.
 * @throws {PolicyFileError} when the file cannot be loaded
 * @throws {PolicyProblemsError} for a registry that is not valid
 */
export async function loadPolicyFrom(origin: PolicyOrigin, language: string | undefined): Promise<Policy> {
  if (origin.kind === 'default') return decodePolicy(defaultPolicyDocument(origin.registries), language);
  // Loads the YAML library, which the default policy does not need.
  const { loadPolicy } = await import('./load.ts');
  return loadPolicy(origin.file, language);
}

/**
 * Opens the policy of a server. At the start there is no earlier policy to keep, so every error is thrown.
 * @throws {PolicyFileError} when the file cannot be loaded
 * @throws {PolicyProblemsError} for a registry that is not valid
 */
export async function openPolicySource(
  origin: PolicyOrigin,
  language: string | undefined,
  witnesses: PolicyWitnesses,
): Promise<PolicySource> {
  if (origin.kind === 'file') return followFile(origin.file, language, witnesses);
  const policy = await loadPolicyFrom(origin, language);
  witnesses.metrics.policyLoaded(policy.identity);
  // A gauge starts at 0, and here 0 means a failure.
  witnesses.metrics.policyReloaded('success');
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
  witnesses: PolicyWitnesses,
): Promise<PolicySource> {
  // Loads the YAML library, which the default policy does not need.
  const { PolicyStore } = await import('./store.ts');
  const store = new PolicyStore({
    file,
    ...(language !== undefined && { language }),
    onReload: (reload) => {
      // An exception reports the failure of the first load.
      if (store.current() !== undefined) report(reload, witnesses);
    },
  });
  const first = await store.reload();
  if (first.result === 'kept') throw first.error;
  store.watch();
  return {
    current: () => store.current(),
    reload: () => store.reload(),
    fault: () => (store.current() === undefined ? 'no policy is loaded' : undefined),
    detail: () =>
      store.problem() && `the last good policy stays active: ${store.problem()?.message.split('\n')[0]}`,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** Most warnings in the log for one policy. `check` prints all of them. */
const LOGGED_WARNINGS = 20;

function report(reload: Reload, { log, metrics }: PolicyWitnesses): void {
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
      log.write('error', 'policy not loaded; the last good one stays active', {
        code: reload.error.code,
        problem: reload.error.message,
      });
  }
}
