import type { Command } from 'commander';

/** What `serve` was asked, as text: flags and environment, nothing interpreted yet. */
export interface ServeOptions {
  readonly cert?: string;
  readonly key?: string;
  readonly port: string;
  readonly registryWhitelist?: string;
  readonly allowedRegistries?: string;
  readonly debug?: boolean;
  readonly policy?: string;
  readonly language?: string;
  readonly messages?: string;
  readonly bind?: string;
  readonly insecureBind?: boolean;
  readonly healthPort?: string;
  readonly selfSigned?: boolean;
  readonly stateDir?: string;
  readonly hostNames?: string;
  readonly clientCa?: string;
  readonly clientName?: string;
  readonly reviewTimeout: string;
  readonly drain: string;
  readonly maxBody: string;
  readonly maxReceiving: string;
  readonly maxConnections: string;
  readonly maxQueue: string;
  readonly maxWait: string;
  readonly canaryKubeconfig?: string;
  readonly canaryInterval?: string;
  readonly canaryNamespace?: string;
}

/** The flags of `serve`; those of the Go program keep their names, letters and defaults. */
export function addServeOptions(command: Command): Command {
  return command
    .option('-c, --cert <file>', 'serving certificate, PEM (without one: plain HTTP on loopback)')
    .option('-k, --key <file>', 'its private key, PEM')
    .option('-p, --port <number>', 'port of the reviews', '1323')
    .option(
      '--policy <file>',
      'policy to judge by, followed as it changes (default: no image may use the tag "latest")',
    )
    .option(
      '--allowed-registries <hosts>',
      'comma separated; without --policy, images from elsewhere are refused',
    )
    .option('--registry-whitelist <hosts>', 'the older name of --allowed-registries')
    .option('--language <tag>', 'language of denials: en, zh, or that of --messages')
    .option('--messages <file>', 'a catalogue of messages in a further language, YAML')
    .option('--self-signed', 'make a CA and a certificate in --state-dir, and use them')
    .option(
      '--state-dir <folder>',
      'where --self-signed keeps them (default: ~/.local/state/kube-image-bouncer)',
    )
    .option('--host-names <names>', 'comma separated names and addresses of the self-signed certificate')
    .option('--client-ca <file>', 'CA of the clients that may ask, PEM; others are turned away')
    .option('--client-name <names>', 'comma separated; of those, only clients of these names')
    .option('--bind <address>', 'address to listen on (default: all; plain HTTP: 127.0.0.1)')
    .option('--insecure-bind', 'allow plain HTTP on an address that is not loopback')
    .option('--health-port <number>', 'port of /livez, /readyz and /metrics (default: --port + 1)')
    .option('--review-timeout <seconds>', 'longest time for one review, whatever the caller grants', '10')
    .option('--drain <seconds>', 'how long to go on serving after SIGTERM', '10')
    .option('--max-body <MiB>', 'longest body of one review', '7')
    .option('--max-receiving <MiB>', 'bodies of all reviews together, until they are decided', '24')
    .option('--max-connections <number>', 'beyond it the longest idle one gives way', '4096')
    .option('--max-queue <number>', 'reviews that wait; more are refused unread', '4096')
    .option('--max-wait <milliseconds>', 'what a review may wait for its turn before it is refused', '2000')
    .option(
      '--canary-kubeconfig <file>',
      'cluster in which to try again and again whether a bad pod is refused; in-cluster: the one around us',
    )
    .option('--canary-interval <seconds>', 'how often (default: 60)')
    .option('--canary-namespace <name>', 'where (default: default)')
    .option('--debug', 'log more');
}
