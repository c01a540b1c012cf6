import { Option, type Command } from 'commander';
import { STAGES } from '../policy/stage.ts';
import { KUBE_SYSTEM_MODES } from '../webhook/configuration.ts';

/** The options of `bootstrap webhook`, as text. */
export function addWebhookOptions(command: Command): Command {
  return addCertificateOptions(addWiringOptions(addModeOptions(command)))
    .option('--kubernetes-version <version>', 'such as 1.30 (default: that of the cluster, else the newest)')
    .option('--kubeconfig <file>', 'which cluster (default: as kubectl finds it)')
    .option('--context <name>', 'which context of the kubeconfig (default: its current one)');
}

function addModeOptions(command: Command): Command {
  return command
    .option('--url <url>', 'a gate outside the cluster: https://host:port, as the API server reaches it')
    .option('--service', 'a gate in the cluster: its objects too')
    .option('--apply', 'apply to the cluster instead of printing')
    .option('--delete', 'delete the wiring, then the gate')
    .option('--out <folder>', 'write files there instead of printing')
    .option('--yes', 'with --apply: go on although running workloads would be refused')
    .option('--no-wait', 'with --apply: wire the gate without waiting for it and without proof');
}

function addWiringOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--stage <stage>', 'how hard verdicts bite').choices(STAGES.toReversed()).default('deny'),
    )
    .option('--policy <file>', 'policy of the gate (default: the one in the cluster, else no tag "latest")')
    .addOption(
      new Option('--kube-system <mode>', 'what happens there').choices(KUBE_SYSTEM_MODES).default('warn'),
    )
    .option('--exempt-namespaces <names>', 'comma separated namespaces that are not asked about')
    .option('--timeout-seconds <seconds>', 'how long the API server waits for a verdict', '10')
    .option('--namespace <name>', "with --service: the gate's own namespace", 'kube-image-bouncer')
    .option('--image <reference>', "with --service: the gate's image")
    .option('--replicas <number>', 'with --service: pods of the gate', '3')
    .option(
      '--language <tag>',
      'with --service: language of denials (default: that of the gate, else English)',
    );
}

function addCertificateOptions(command: Command): Command {
  return command
    .option('--ca-cert <file>', 'CA that signs, or with --url has signed, the serving certificate')
    .option('--ca-key <file>', 'its private key')
    .option('--cert-manager <issuer>', 'with --service: [ClusterIssuer/]NAME makes the certificate')
    .option('--days <number>', 'how long certificates last', '365')
    .option('--client-ca [file]', "only the API server may ask; CA of its certificate (default: the gate's)")
    .option('--client-name <name>', 'with --client-ca: common name of its certificate', 'kube-apiserver')
    .option(
      '--node-folder <path>',
      'with --client-ca: where its files go on control-plane nodes',
      '/etc/kubernetes/kube-image-bouncer',
    );
}
