import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { parseCertificates, renderBundle } from '../../certificate/inspect.ts';
import { refuseOwned } from '../../control-plane/distribution.ts';
import { GATE_FILES } from '../../control-plane/gate-command.ts';
import { readPolicyText } from '../../policy-source/load.ts';
import type { Stage } from '../../policy/stage.ts';
import { undoOnNode, type NodePorts } from '../../rollout/node-rollout.ts';
import {
  planStatic,
  rollOutStatic,
  type StaticPlan,
  type StaticSettings,
} from '../../rollout/static-rollout.ts';
import type { KubeSystemMode } from '../../webhook/configuration.ts';
import {
  addClusterOptions,
  addNodeOptions,
  addWebhookOptions,
  BOOTSTRAP_EXIT_CODES,
  YES_OPTION,
  type CommandContext,
  type ExitCode,
  type Streams,
  writeTo,
} from '../command.ts';
import { renderRolloutEvent } from '../rollout-output.ts';
import { whileChanging } from '../interruption.ts';
import {
  conflict,
  decodeNamespaces,
  decodeNumber,
  decodeOrigin,
  decodeVersion,
  openNamedCluster,
  readCertificates,
  requireAbsolute,
  requireOneMode,
} from '../settings.ts';
import {
  describeOwned,
  showChanges,
  WITHOUT_CLUSTER,
  WORKLOADS_REFUSED,
  writeOut,
} from './bootstrap-image-policy.ts';

/** Options of `bootstrap static` as text. */
interface StaticOptions {
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

export function define(command: Command, { streams, finish }: CommandContext): void {
  command.option('--url <url>', 'URL of the gate for the API server of the node, https://host:port');
  addWebhookOptions(addNodeOptions(command), 'policy.yaml of --folder')
    .option('--ca-cert <file>', "CA of the gate's certificate (default: pki/ca.crt of --folder)")
    .option(
      '--kubernetes-version <version>',
      'such as 1.37 (default: from the image in the manifest, otherwise the newest)',
    );
  addClusterOptions(command, 'the cluster: judge its workloads before, send the canary after')
    .option('--timeout <seconds>', 'time to wait for the API server', '180')
    .option('--force', 'with --undo: also restore files that were changed later')
    .option(...YES_OPTION)
    .addHelpText('after', BOOTSTRAP_EXIT_CODES)
    .action(async (options: StaticOptions) => finish(await bootstrapStatic(options, streams)));
}

/** Prints, writes, applies or undoes a webhook configuration that the API server of a node reads from a file. */
async function bootstrapStatic(options: StaticOptions, streams: Streams): Promise<ExitCode> {
  const print = (line: string): void => writeTo(streams.stderr, `${line}\n`);
  const ports = portsOf(options, print, streams);
  refuseConflicts(options);
  if (options.undo === true) {
    await undoOnNode('static', options.manifest, ports);
    return 0;
  }
  const settings = await decodeSettings(options);
  const plan = await planStatic(settings);
  if (options.apply === true) refuseOwned(plan.owner);
  if (plan.owner !== undefined) print(`note: ${describeOwned(plan.owner)}`);
  if (options.apply === true) return applyToNode(options, settings, plan, ports, print);
  const all = plan.manifest === undefined ? plan.files : [...plan.files, plan.manifest];
  return options.out === undefined
    ? showChanges(all, ports, streams, plan.owner)
    : writeOut(options.out, all, ports, print);
}

function portsOf(
  { timeout, folder, force }: StaticOptions,
  print: (line: string) => void,
  streams: Streams,
): NodePorts {
  return {
    onProgress: (event) => print(renderRolloutEvent(event)),
    waiting: {
      sleep: async (ms) => delay(ms),
      elapsed: () => performance.now(),
      waited: () => undefined,
      timeoutMs: decodeNumber('--timeout', timeout, 0, 3600) * 1000,
    },
    whileChanging: whileChanging(streams),
    // A separate record: undoing this wiring leaves the other wirings of the node unchanged.
    backupFolder: join(folder, 'backup', 'static'),
    isRoot: process.getuid?.() === 0,
    force: force === true,
  };
}

function refuseConflicts(options: StaticOptions): void {
  requireAbsolute('--folder', options.folder);
  requireAbsolute('--manifest', options.manifest);
  requireOneMode(options);
  if (options.url === undefined && options.undo !== true)
    throw conflict('--url is missing: a webhook from a file has no Service, so it needs https://host:port');
}

async function decodeSettings(options: StaticOptions): Promise<StaticSettings> {
  const { folder, manifest, policy, stage, kubeSystem } = options;
  const trust = await readCertificates('--ca-cert', options.caCert ?? join(folder, GATE_FILES.authority));
  return {
    folder,
    manifest,
    address: { form: 'url', origin: decodeOrigin(options.url ?? '') },
    policy: policy === undefined ? undefined : { text: await readPolicyText(policy), file: policy },
    version: decodeVersion(options.kubernetesVersion),
    stage,
    kubeSystem,
    exemptNamespaces: decodeNamespaces('--exempt-namespaces', options.exemptNamespaces),
    timeoutSeconds: decodeNumber('--timeout-seconds', options.timeoutSeconds, 1, 30),
    trust: renderBundle(parseCertificates(trust)),
    isElsewhere: options.out !== undefined,
  };
}

async function applyToNode(
  options: StaticOptions,
  settings: StaticSettings,
  plan: StaticPlan,
  ports: NodePorts,
  print: (line: string) => void,
): Promise<ExitCode> {
  const { manifest } = plan;
  if (manifest === undefined)
    throw conflict(
      `${options.manifest} does not exist: give its path with --manifest, or write files for another machine with --out`,
    );
  const cluster = await openNamedCluster(options);
  if (cluster === undefined) print(WITHOUT_CLUSTER);
  const yes = options.yes === true;
  const { outcome } = await rollOutStatic(settings, { ...plan, manifest }, { cluster, yes }, ports);
  if (outcome === 'done') return 0;
  print(outcome === 'workloads-refused' ? WORKLOADS_REFUSED : '--undo restores every file');
  return 1;
}
