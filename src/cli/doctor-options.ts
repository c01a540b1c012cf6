import { Option, type Command } from 'commander';

/** The options of `doctor`, as text. */
export interface DoctorOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly policy?: string;
  readonly namespace?: string;
  readonly canaryNamespace: string;
  readonly goodImage?: string;
  readonly nodeFiles?: boolean;
  readonly manifest?: string;
  readonly folder?: string;
  readonly kubernetesVersion?: string;
  readonly output: 'table' | 'json';
}

/** The flags of `doctor`. */
export function addDoctorOptions(command: Command): Command {
  return command
    .option('--policy <file>', 'policy that should be in force (default: the one in the cluster)')
    .option('--namespace <name>', "the gate's own namespace (default: the one that a webhook calls)")
    .option('--canary-namespace <name>', 'where pods are created on trial', 'default')
    .option('--good-image <image>', 'image that the policy admits (default: one that runs)')
    .option('--node-files', 'look at the files of this control-plane node')
    .option('--manifest <file>', 'the static pod (default: /etc/kubernetes/manifests/kube-apiserver.yaml)')
    .option('--folder <folder>', 'where the files of /etc/kubernetes/kube-image-bouncer are (default: there)')
    .option('--kubernetes-version <version>', 'with --node-files: such as 1.30 (default: of the image)')
    .option('--kubeconfig <file>', 'how to reach the cluster (default: as kubectl does)')
    .option('--context <name>', 'context of the kubeconfig')
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'),
    );
}
