import type { Policy } from '../policy/policy.ts';
import type { Reload } from '../policy/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { chooseRegistries, decodeDefaultPolicy, type PolicyOptions } from './chosen-policy.ts';

/** Where the server's policy comes from: a file that is followed, or what stands in for one. */
export interface PolicySource extends AsyncDisposable {
  readonly current: () => Policy | undefined;
  readonly reload: () => Promise<unknown>;
  /** Why nothing can be decided, if so. */
  readonly fault: () => string | undefined;
  /** What there is to know, although decisions can be made. */
  readonly detail: () => string | undefined;
}

export interface PolicyWitnesses {
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * @throws {PolicyFileError} when the file cannot be loaded at the start: there is no last good policy yet.
 * @throws {SettingsError} SETTINGS_CONFLICT or SETTING_INVALID
 */
export async function openPolicySource(
  options: PolicyOptions,
  witnesses: PolicyWitnesses,
): Promise<PolicySource> {
  const registries = chooseRegistries(options);
  if (options.policy !== undefined) return followFile(options.policy, options.language, witnesses);
  const policy = await decodeDefaultPolicy(registries, options.language);
  witnesses.metrics.policyLoaded(policy.identity);
  // A gauge begins at 0, which means that something is wrong.
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
  // With it comes the YAML library, which nobody needs who names no file.
  const { PolicyStore } = await import('../policy/store.ts');
  const store = new PolicyStore({
    file,
    ...(language !== undefined && { language }),
    onReload: (reload) => {
      // At the start there is no last good policy to keep, and whoever starts us is told what is wrong.
      if (store.current() !== undefined) tell(reload, witnesses);
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
      store.problem() && `the last good policy stays in force: ${store.problem()?.message.split('\n')[0]}`,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function tell(reload: Reload, { log, metrics }: PolicyWitnesses): void {
  switch (reload.result) {
    case 'unchanged':
      return;
    case 'loaded': {
      const { name, revision } = reload.policy.identity;
      metrics.policyLoaded({ name, revision });
      metrics.policyReloaded('success');
      log.write('info', 'policy loaded', { policy: { name, revision } });
      return;
    }
    case 'kept':
      metrics.policyReloaded('failure');
      log.write('error', 'policy not loaded; the last good one stays in force', {
        code: reload.error.code,
        problem: reload.error.message,
      });
  }
}
