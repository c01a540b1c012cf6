import { Option, type Command } from 'commander';
import { STAGES, type Stage } from '../policy/stage.ts';
import { KUBE_SYSTEM_MODES, type KubeSystemMode } from '../webhook/configuration.ts';
import { addNodeOptions } from './node-options.ts';

/** Who runs the gate on a control-plane node. */
export const GATE_RUNNERS = ['static-pod', 'systemd', 'none'] as const;

/** What `bootstrap image-policy` was asked, as text: nothing interpreted yet. */
export interface ImagePolicyOptions {
  readonly apply?: boolean;
  readonly undo?: boolean;
  readonly out?: string;
  readonly folder: string;
  readonly manifest: string;
  readonly unit: string;
  readonly name?: string;
  readonly address: string;
  readonly port: string;
  readonly healthPort?: string;
  readonly hostNames?: string;
  readonly stage: Stage;
  readonly defaultAllow?: boolean;
  readonly allowTtl: string;
  readonly denyTtl: string;
  readonly retryBackoff: string;
  readonly policy?: string;
  readonly kubeSystem?: KubeSystemMode;
  readonly gate: (typeof GATE_RUNNERS)[number];
  readonly image?: string;
  readonly program: string;
  readonly language?: string;
  readonly days: string;
  readonly caCert?: string;
  readonly caKey?: string;
  readonly signer?: string;
  readonly approve?: boolean;
  readonly kubernetesVersion?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly timeout: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

/** The options of `bootstrap image-policy`. */
export function addImagePolicyOptions(command: Command): Command {
  return addCertificateOptions(addGateOptions(addWiringOptions(addNodeOptions(command))))
    .option(
      '--kubernetes-version <version>',
      "for kubeadm's files, such as 1.30 (default: that of the manifest's image, else the newest)",
    )
    .option(
      '--kubeconfig <file>',
      'the cluster: judges what runs before, proves the wiring after, asks --signer',
    )
    .option('--context <name>', 'which context of the kubeconfig (default: its current one)')
    .option('--timeout <seconds>', 'how long to wait for the gate, and for the API server', '180')
    .option('--force', 'replace private keys; with --undo: also files that somebody else changed since')
    .option('--yes', 'with --apply: go on although running workloads would be refused');
}

function addWiringOptions(command: Command): Command {
  return command
    .option('--address <address>', 'where the gate listens, and the API server calls it', '127.0.0.1')
    .option('--name <host>', 'what the API server calls it by instead; the node must know the name')
    .option('--port <number>', 'port of the reviews', '1323')
    .option('--health-port <number>', 'port of /livez, /readyz and /metrics (default: --port + 1)')
    .addOption(
      new Option('--stage <stage>', 'how hard verdicts bite').choices(STAGES.toReversed()).default('deny'),
    )
    .option('--default-allow', 'admit pods when the gate does not answer (below deny: always)')
    .option('--allow-ttl <seconds>', 'how long the API server remembers an admission; -1: not at all', '50')
    .option('--deny-ttl <seconds>', 'how long it remembers a refusal; -1: not at all', '10')
    .option('--retry-backoff <ms>', 'its pause before it asks again; -1: none', '500')
    .option('--policy <file>', 'policy of the gate (default: the one that is there, else no tag "latest")')
    .addOption(
      new Option('--kube-system <mode>', 'what that default does there (default: "warn")').choices(
        KUBE_SYSTEM_MODES,
      ),
    );
}

function addGateOptions(command: Command): Command {
  return command
    .addOption(new Option('--gate <runner>', 'who runs the gate').choices(GATE_RUNNERS).default('static-pod'))
    .option('--image <reference>', "the gate's image, with --gate static-pod")
    .option('--program <file>', 'the program, with --gate systemd', '/usr/local/bin/kube-image-bouncer')
    .option(
      '--unit <file>',
      'the unit, with --gate systemd',
      '/etc/systemd/system/kube-image-bouncer.service',
    )
    .option('--language <tag>', 'language of denials, en or zh');
}

function addCertificateOptions(command: Command): Command {
  return command
    .option('--host-names <names>', 'comma separated; more names and addresses of the serving certificate')
    .option('--days <number>', 'how long certificates last', '365')
    .option('--ca-cert <file>', 'CA that signs (with --ca-key), or whose signer does (with --signer)')
    .option('--ca-key <file>', 'its private key; read, never kept')
    .option('--signer <name>', 'have the cluster sign, such as kubernetes.io/kubelet-serving')
    .option('--approve', 'with --signer: approve the request ourselves');
}
