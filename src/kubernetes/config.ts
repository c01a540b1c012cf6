import { hideContent, shortenQuotes } from '../document/quoted-text.ts';
import { KubernetesClient } from './client.ts';
import type { Credentials } from './connection.ts';
import { KubernetesError } from './errors.ts';

/** Instead of a kubeconfig file: the service account of the pod in which this program runs. */
const IN_CLUSTER = 'in-cluster';

/** Selects a cluster. */
export interface ClusterChoice {
  /** A kubeconfig file, or {@link IN_CLUSTER}. @default $KUBECONFIG, ~/.kube/config, or the service account of the pod */
  readonly kubeconfig?: string | undefined;
  /** @default the current context of the file */
  readonly context?: string | undefined;
}

/**
 * Creates a client for the cluster of a kubeconfig, which is found as kubectl finds it. A library handles client
 * certificates, tokens, exec plugins, OIDC, proxies and `tls-server-name`. Loading it takes about 0.3 s, so do not
 * call this in a start that needs no cluster.
 *
 * @throws {KubernetesError} KUBECONFIG_INVALID if no cluster is configured, or if a part of the configuration is missing
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
export async function openCluster({ kubeconfig, context }: ClusterChoice = {}): Promise<KubernetesClient> {
  // The root of the package would load the models of all kinds of Kubernetes.
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
      `${kubeconfig ?? 'the kubeconfig'} has no cluster for context ${shortenQuotes(JSON.stringify(config.getCurrentContext()))}`,
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

/** Ends exec plugins that start later. */
interface PluginEnd {
  signal: AbortSignal | undefined;
}

/**
 * Makes exec plugins end when the signal of the request fires. The library waits for a plugin without a limit. The only way
 * to pass a signal is its property `execFn`, which is `spawn`. If that property is missing, plugins are not ended.
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
    throw invalid(`the kubeconfig's server ${shortenQuotes(JSON.stringify(server))} is no URL`, cause);
  }
}

function invalid(message: string, cause?: unknown): KubernetesError {
  return new KubernetesError('KUBECONFIG_INVALID', message, { cause });
}

/** Keeps only the first line of an error, and nothing of a JSON error, because parsers quote their input, which may contain a token or a key. */
function messageOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'the answer of its exec plugin is not JSON';
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return error instanceof Error && error.name === 'YAMLException' ? hideContent(first) : first;
}
