import { KubernetesClient } from './client.ts';
import type { Credentials } from './connection.ts';
import { KubernetesError } from './errors.ts';

/** In place of a kubeconfig: the service account of the pod that we run in, whatever else is there. */
export const IN_CLUSTER = 'in-cluster';

/** Which cluster is meant. */
export interface ClusterChoice {
  /** A kubeconfig file, or {@link IN_CLUSTER}. @default $KUBECONFIG, ~/.kube/config, or the service account of the pod that we run in */
  readonly kubeconfig?: string | undefined;
  /** @default the file's current context */
  readonly context?: string | undefined;
}

/**
 * A client for the cluster that a kubeconfig names, as kubectl finds it: client certificates, tokens, exec plugins,
 * OIDC, proxies and `tls-server-name` are the library's business. Loading it takes about 0.3 s: never on the path
 * of a start that needs no cluster.
 *
 * @throws {KubernetesError} KUBECONFIG_INVALID when no cluster is named, or what is named is not there.
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
export async function openCluster({ kubeconfig, context }: ClusterChoice = {}): Promise<KubernetesClient> {
  // Not from the package's root, which loads a model of every kind that Kubernetes has.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else if (kubeconfig === IN_CLUSTER) config.loadFromCluster();
    else config.loadFromFile(kubeconfig);
    if (context !== undefined) config.setCurrentContext(context);
  } catch (cause) {
    throw invalid(`${kubeconfig ?? 'the default kubeconfig'} cannot be read: ${messageOf(cause)}`, cause);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null || cluster === undefined) {
    throw invalid(
      `${kubeconfig ?? 'the kubeconfig'} has no cluster for context ${JSON.stringify(config.getCurrentContext())}`,
    );
  }
  const plugins = endPlugins(config);
  return new KubernetesClient({
    server: parseServer(cluster.server),
    authenticate: async (signal) => {
      const options: Credentials = {};
      try {
        plugins.signal = signal;
        await config.applyToHTTPSOptions(options);
      } catch (cause) {
        throw invalid(`no credentials for ${cluster.server}: ${messageOf(cause)}`, cause);
      }
      return options;
    },
  });
}

/** What ends the plugins that are asked from now on. */
interface PluginEnd {
  signal: AbortSignal | undefined;
}

/**
 * Ends exec plugins when their caller waits no more. The library waits for a plugin however long it takes, and has no
 * other place for a signal than its `execFn`, which is `spawn`; without that name, plugins go on as before.
 */
function endPlugins(config: object): PluginEnd {
  const end: PluginEnd = { signal: undefined };
  const authenticators: unknown = Reflect.get(config, 'authenticators');
  for (const plugin of Array.isArray(authenticators) ? (authenticators as readonly object[]) : []) {
    if (!('execFn' in plugin) || typeof plugin.execFn !== 'function') continue;
    const start = plugin.execFn;
    plugin.execFn = (command: string, args: unknown, options: object): unknown =>
      start(command, args, { ...options, signal: end.signal, killSignal: 'SIGKILL' });
  }
  return end;
}

function parseServer(server: string): URL {
  try {
    return new URL(server);
  } catch (cause) {
    throw invalid(`the kubeconfig's server ${JSON.stringify(server)} is no URL`, cause);
  }
}

function invalid(message: string, cause?: unknown): KubernetesError {
  return new KubernetesError('KUBECONFIG_INVALID', message, { cause });
}

/** Parsers quote what they cannot read, and here that may be a token or a key: of YAML the first line, of JSON nothing. */
function messageOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'the answer of its exec plugin is no JSON';
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return first;
}
