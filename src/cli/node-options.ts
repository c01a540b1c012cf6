import type { Command } from 'commander';

/** Which node a `bootstrap` command changes, and what it does there; the places are those of kubeadm. */
export function addNodeOptions(command: Command): Command {
  return command
    .option('--apply', 'change this node, and wait for its API server (default: show what would change)')
    .option('--undo', 'put every file of this node back as it was')
    .option('--out <folder>', 'write every file below there, to be copied to a node')
    .option('--folder <path>', "the gate's folder on the node", '/etc/kubernetes/kube-image-bouncer')
    .option(
      '--manifest <file>',
      'static pod manifest of kube-apiserver',
      '/etc/kubernetes/manifests/kube-apiserver.yaml',
    );
}
