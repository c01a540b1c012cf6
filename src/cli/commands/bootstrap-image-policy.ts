import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { GATE_UNIT } from '../../control-plane/gate-command.ts';
import { writeFiles } from '../../control-plane/change-files.ts';
import { describeOwner, type Owner, refuseOwned } from '../../control-plane/distribution.ts';
import { comparePlan, renderChanges, type PlannedFile } from '../../control-plane/file-plan.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { signatureFrom } from '../../rollout/cluster-signature.ts';
import { planImagePolicy, type NodePlan, type NodeSettings } from '../../rollout/image-policy-plan.ts';
import { describeShortNames } from '../../rollout/short-names.ts';
import type { SigningWay } from '../../rollout/node-certificates.ts';
import {
  rollOutImagePolicy,
  undoOnNode,
  type NodePorts,
  type NodeRolloutResult,
} from '../../rollout/node-rollout.ts';
import { KUBE_SYSTEM_MODES } from '../../webhook/configuration.ts';
import {
  addClusterOptions,
  addNodeOptions,
  BOOTSTRAP_EXIT_CODES,
  stageOption,
  YES_OPTION,
  type CommandContext,
  type ExitCode,
  type Streams,
  writeTo,
} from '../command.ts';
import { languageNotes } from '../language.ts';
import { renderNext, renderRolloutEvent } from '../rollout-output.ts';
import { whileChanging } from '../interruption.ts';
import { conflict, decodeNumber, openNamedCluster } from '../settings.ts';
import {
  decodeNodeSettings,
  decodePlaces,
  GATE_RUNNERS,
  refuseConflicts,
  type ImagePolicyOptions,
} from './image-policy-settings.ts';

export function define(command: Command, { streams, finish }: CommandContext): void {
  addCertificateOptions(addGateOptions(addWiringOptions(addNodeOptions(command)))).option(
    '--kubernetes-version <version>',
    'for the files of kubeadm, such as 1.30 (default: from the image in the manifest, otherwise the newest)',
  );
  addClusterOptions(
    command,
    'the cluster: judge its workloads before, send the canary after, sign certificates',
  )
    .option('--timeout <seconds>', 'time to wait for the gate, and for the API server', '180')
    .option('--force', 'replace private keys; with --undo: also restore files that were changed later')
    .option(...YES_OPTION)
    .addHelpText('after', BOOTSTRAP_EXIT_CODES)
    .action(async (options: ImagePolicyOptions) => finish(await bootstrapImagePolicy(options, streams)));
}

function addWiringOptions(command: Command): Command {
  return command
    .option(
      '--address <address>',
      'address on which the gate listens and the API server calls it',
      '127.0.0.1',
    )
    .option(
      '--name <host>',
      'host name that the API server calls, instead of the address; the node must resolve it',
    )
    .option('--port <number>', 'port of the reviews', '1323')
    .option('--health-port <number>', 'port of /livez, /readyz and /metrics (default: --port + 1)')
    .addOption(stageOption())
    .option(
      '--default-allow',
      'admit pods when the gate does not answer (always set at stages warn and audit)',
    )
    .option('--allow-ttl <seconds>', 'time that the API server caches an admission; -1: no cache', '50')
    .option('--deny-ttl <seconds>', 'time that the API server caches a refusal; -1: no cache', '10')
    .option('--retry-backoff <ms>', 'pause of the API server before it calls again; -1: no pause', '500')
    .option('--policy <file>', 'policy of the gate (default: the one on the node, otherwise no tag "latest")')
    .addOption(
      new Option(
        '--kube-system <mode>',
        'mode of the default policy in kube-system (default: "warn")',
      ).choices(KUBE_SYSTEM_MODES),
    );
}

function addGateOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--gate <runner>', 'how the gate is started').choices(GATE_RUNNERS).default('static-pod'),
    )
    .option('--image <reference>', "the gate's image, with --gate static-pod")
    .option(
      '--program <file>',
      'path of the program, with --gate systemd',
      '/usr/local/bin/kube-image-bouncer',
    )
    .option('--unit <file>', 'path of the unit, with --gate systemd', GATE_UNIT)
    .option('--language <tag>', 'language of denials, en or zh');
}

function addCertificateOptions(command: Command): Command {
  return command
    .option('--host-names <names>', 'more names and addresses of the serving certificate, comma separated')
    .option('--days <number>', 'lifetime of a new certificate, in days', '365')
    .option('--ca-cert <file>', 'CA that signs (with --ca-key), or CA of the signer (with --signer)')
    .option('--ca-key <file>', 'private key of --ca-cert; it is read once and never stored')
    .option(
      '--signer <name>',
      'signer of the cluster for the certificate, such as kubernetes.io/kubelet-serving',
    )
    .option('--approve', 'with --signer: approve the signing request');
}

/** Prints, writes, applies or undoes everything that `ImagePolicyWebhook` needs on a control-plane node. */
async function bootstrapImagePolicy(options: ImagePolicyOptions, streams: Streams): Promise<ExitCode> {
  refuseConflicts(options);
  const print = (line: string): void => writeTo(streams.stderr, `${line}\n`);
  const clock = startClock();
  const ports = portsOf(options, print, clock, streams);
  if (options.undo === true) {
    await undoOnNode('image-policy', decodePlaces(options).manifest, ports);
    print(clock.render());
    return 0;
  }
  const settings = await decodeNodeSettings(options);
  const cluster = await openNamedCluster(options);
  const isWritten = options.apply === true || options.out !== undefined;
  const plan = await planImagePolicy(settings, {
    root: options.out ?? '/',
    isElsewhere: options.out !== undefined,
    force: ports.force,
    now: () => new Date(),
    cluster,
    requestSignature:
      isWritten && cluster !== undefined ? signatureFrom({ cluster, ...ports, ...ports.waiting }) : undefined,
  });
  if (options.apply === true) refuseOwned(plan.owner);
  for (const note of notesOf(options, settings, plan)) print(`note: ${note}`);
  if (options.apply === true) {
    const code = await applyToNode(settings, plan, { options, cluster, ports, print });
    print(clock.render());
    return code;
  }
  const all = plan.manifest === undefined ? plan.files : [...plan.files, plan.manifest];
  if (options.out !== undefined) return writeOut(options.out, all, ports, print);
  return showChanges(all, ports, streams, plan.owner);
}

/** Prints the changes that `--apply` would make. */
export async function showChanges(
  plan: readonly PlannedFile[],
  { isRoot }: NodePorts,
  { stdout, stderr }: Streams,
  owner: Owner | undefined,
): Promise<ExitCode> {
  const changes = await comparePlan(plan, { isRoot });
  writeTo(stdout, renderChanges(changes));
  writeTo(
    stderr,
    changes.length === 0
      ? 'nothing to change\n'
      : `nothing was changed; ${owner === undefined ? '--apply makes these changes' : '--out FOLDER writes these files'}\n`,
  );
  return 0;
}

/** Writes files below a folder. Below it, each file has the path that it has on a node. */
export async function writeOut(
  out: string,
  plan: readonly PlannedFile[],
  { isRoot, force }: NodePorts,
  print: (line: string) => void,
): Promise<ExitCode> {
  const below = plan.map((file) => Object.assign({}, file, { path: join(out, file.path) }));
  const changes = await comparePlan(below, { isRoot });
  await writeFiles(changes, { isRoot, force });
  for (const { file } of changes) print(`wrote ${file.path}`);
  if (changes.length === 0) print('nothing to change');
  return 0;
}

interface ApplyContext {
  readonly options: ImagePolicyOptions;
  readonly cluster: KubernetesClient | undefined;
  readonly ports: NodePorts;
  readonly print: (line: string) => void;
}

async function applyToNode(
  settings: NodeSettings,
  plan: NodePlan,
  { options, cluster, ports, print }: ApplyContext,
): Promise<ExitCode> {
  const { certificates, manifest } = plan;
  if (certificates === undefined || manifest === undefined)
    throw conflict('--signer needs a cluster: give --kubeconfig as well');
  if (cluster === undefined) print(WITHOUT_CLUSTER);
  const applicable = { ...plan, certificates, manifest };
  const result = await rollOutImagePolicy(
    settings,
    applicable,
    { cluster, yes: options.yes === true },
    ports,
  );
  const problem = renderNodeResult(result, settings);
  if (problem === undefined) return 0;
  print(problem);
  return 1;
}

/** The note of an `--apply` without a cluster. */
export const WITHOUT_CLUSTER =
  'note: without --kubeconfig the running workloads are not judged, and no canary is sent';

/** The result `workloads-refused` of a roll-out on a node, with the next steps. */
export const WORKLOADS_REFUSED = renderNext(
  'nothing was changed: running workloads would be refused when they start again. Do one of these:',
  'correct the workloads or the policy',
  'begin with --stage warn',
  'continue with --yes',
);

function renderNodeResult(result: NodeRolloutResult, { runner, places }: NodeSettings): string | undefined {
  switch (result.outcome) {
    case 'done':
      return undefined;
    case 'workloads-refused':
      return WORKLOADS_REFUSED;
    case 'gate-unanswered':
      return runner.kind === 'systemd'
        ? `the gate does not answer yet (${result.why}), so the API server was not changed: run \`systemctl daemon-reload && systemctl enable --now ${basename(places.gateUnit)}\`, then run this command again`
        : `no gate answers (${result.why}), so the API server was not changed: start the gate with the files in ${places.folder}, then run this command again`;
    case 'not-proved':
      return `--undo restores every file; the copies are in ${join(places.folder, 'backup')}`;
  }
}

/** The note of stage deny: the plugin judges each update of a pod by all its images. */
const JOB_PODS =
  'at stage deny, a pod of a Job cannot lose its finalizer while its image is forbidden, so that the Job never ends: first let such Jobs end at --stage warn, or delete them';

/** Measures the time of this program, without the time of waiting for the gate and the API server. */
interface Clock {
  readonly elapsed: () => number;
  readonly render: () => string;
  readonly waited: (ms: number) => void;
}

function startClock(): Clock {
  const start = performance.now();
  let waitedMs = 0;
  return {
    elapsed: () => performance.now(),
    waited: (ms) => {
      waitedMs += ms;
    },
    render: () => {
      const own = (performance.now() - start - waitedMs) / 1000;
      return `done in ${own.toFixed(2)} s, plus ${(waitedMs / 1000).toFixed(2)} s of waiting for the gate and the API server`;
    },
  };
}

function portsOf(
  { timeout, folder, force }: ImagePolicyOptions,
  print: (line: string) => void,
  { elapsed, waited }: Clock,
  streams: Streams,
): NodePorts {
  return {
    onProgress: (event) => print(renderRolloutEvent(event)),
    waiting: {
      sleep: async (ms) => delay(ms),
      elapsed,
      waited,
      timeoutMs: decodeNumber('--timeout', timeout, 0, 3600) * 1000,
    },
    whileChanging: whileChanging(streams),
    backupFolder: join(folder, 'backup'),
    isRoot: process.getuid?.() === 0,
    force: force === true,
  };
}

function notesOf(
  options: ImagePolicyOptions,
  { way, runner, gate, stage }: NodeSettings,
  plan: NodePlan,
): string[] {
  return [
    describeWay(way),
    ...languageNotes(gate.language),
    ...(runner.kind === 'none' && gate.language !== undefined
      ? ['--language is only for a gate that this command starts: start your gate with the same option']
      : []),
    ...(plan.certificates === undefined
      ? ['the serving certificate is not signed yet, so it is not shown']
      : []),
    ...(plan.owner === undefined ? [] : [describeOwned(plan.owner)]),
    ...(plan.manifest === undefined && plan.owner === undefined
      ? [
          `${options.manifest} does not exist on this machine: change the manifest on the node as described in kubeadm/patches, or run --apply on the node`,
        ]
      : []),
    ...(runner.kind === 'static-pod' && !runner.image.includes('@')
      ? [`--image ${runner.image} is not pinned: add its digest`]
      : []),
    ...[describeShortNames(plan.policy, plan.crioNodes)].filter((one) => one !== undefined),
    ...(stage === 'deny' ? [JOB_PODS] : []),
    ...(stage === 'deny' && options.defaultAllow === true
      ? ['--default-allow: pods are admitted without a review while the gate does not answer']
      : []),
    ...(process.getuid?.() === 0 || runner.kind !== 'static-pod'
      ? []
      : [`change the owner of pki/tls.key to user 65532, which runs the gate`]),
  ];
}

/** The settings for the tool that owns the API server. */
export function describeOwned({ distribution, settings }: Owner): string {
  return `${describeOwner(distribution)}. Write the gate's files with --out, copy them to the node, and give ${distribution.title} these settings:\n${settings}`;
}

/** The consequences of a way of signing. */
function describeWay(way: SigningWay): string {
  switch (way.kind) {
    case 'own':
      return 'a new CA signs; a user who can read its key, pki/ca.key, can act as the gate, and as the API server toward the gate';
    case 'given':
      return 'your CA signs. Its key was read and is not kept, so a renewal needs --ca-key again. Other certificates that it signs for the name kube-apiserver can call the gate';
    case 'signer':
      return `${way.signer} signs. kubernetes.io/kubelet-serving is for nodes: clients that trust nodes also trust its certificates, their lifetime is not defined, and a renewal needs another approval`;
  }
}
