import { Option, type Command } from 'commander';
import { STAGES, type Stage } from '../policy/stage.ts';
import { KUBE_SYSTEM_MODES, type KubeSystemMode } from '../webhook/configuration.ts';
import { addNodeOptions } from './node-options.ts';

/** What `bootstrap static` was asked, as text: nothing interpreted yet. */
export interface StaticOptions {
  readonly url?: string;
  readonly apply?: boolean;
  readonly undo?: boolean;
  readonly out?: string;
  readonly folder: string;
  readonly manifest: string;
  readonly stage: Stage;
  readonly policy?: string;
  readonly kubeSystem: KubeSystemMode;
  readonly exemptNamespaces?: string;
  readonly timeoutSeconds: string;
  readonly caCert?: string;
  readonly kubernetesVersion?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly timeout: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

/** The options of `bootstrap static`. */
export function addStaticOptions(command: Command): Command {
  return addWiringOptions(
    addNodeOptions(
      command.option('--url <url>', 'the gate, https://host:port, as the API server of the node reaches it'),
    ),
  )
    .option('--ca-cert <file>', "CA of the gate's certificate (default: pki/ca.crt of --folder)")
    .option(
      '--kubernetes-version <version>',
      "such as 1.37 (default: that of the manifest's image, else the newest)",
    )
    .option('--kubeconfig <file>', 'the cluster: judges what runs before, proves the wiring after')
    .option('--context <name>', 'which context of the kubeconfig (default: its current one)')
    .option('--timeout <seconds>', 'how long to wait for the API server', '180')
    .option('--force', 'with --undo: also files that somebody else changed since')
    .option('--yes', 'with --apply: go on although running workloads would be refused');
}

function addWiringOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--stage <stage>', 'how hard verdicts bite').choices(STAGES.toReversed()).default('deny'),
    )
    .option('--policy <file>', 'policy of the gate (default: policy.yaml of --folder, else no tag "latest")')
    .addOption(
      new Option('--kube-system <mode>', 'what happens there').choices(KUBE_SYSTEM_MODES).default('warn'),
    )
    .option('--exempt-namespaces <names>', 'comma separated namespaces that are not asked about')
    .option('--timeout-seconds <seconds>', 'how long the API server waits for a verdict', '10');
}
