import { Option, type Command } from 'commander';
import type { Goal } from '../recovery/places.ts';

/** What `recover` was asked, as text. */
export interface RecoverOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly configuration?: string;
  readonly namespace?: string;
  readonly image?: string;
  readonly manifest?: string;
  readonly staticManifests?: string;
  readonly wait: string;
  readonly until: Goal;
  readonly yes?: boolean;
  readonly backup?: string;
  readonly undo?: string;
}

/** Written out, since a room is loaded only when its command is asked for; held to {@link Goal} by the type. */
const GOALS: readonly Goal[] = ['kube-system', 'default', 'all'];

/** The flags of `recover`. */
export function addRecoverOptions(command: Command): Command {
  return command
    .option('--yes', 'take the way out, instead of explaining it')
    .addOption(
      new Option(
        '--until <goal>',
        'go no further than needed: kube-system (and the gate itself), default, or all namespaces',
      )
        .choices([...GOALS])
        .default('kube-system'),
    )
    .option('--namespace <names>', 'comma separated; namespaces that must live as kube-system must')
    .option(
      '--configuration <names>',
      'comma separated; webhook configurations that lead to a gate, made by hand',
    )
    .option(
      '--manifest <file>',
      "as root on the control-plane node: kube-apiserver's static pod manifest, for ImagePolicyWebhook",
    )
    .option(
      '--static-manifests <folder>',
      'as root on the control-plane node: webhook configurations that are loaded from files',
    )
    .option('--wait <seconds>', 'how long the API server may take to act on changed files', '180')
    .option('--image <image>', 'image that must be able to start (default: those that run already)')
    .option('--backup <folder>', 'where to keep what was before (default: the working folder)')
    .option('--undo <file>', 'put back what was before, from the file that was kept')
    .option('--kubeconfig <file>', 'how to reach the cluster (default: as kubectl does)')
    .option('--context <name>', 'context of the kubeconfig');
}
