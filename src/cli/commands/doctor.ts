import { readdir } from 'node:fs/promises';
import type { Command } from 'commander';
import { ControlPlaneError } from '../../control-plane/errors.ts';
import { findFile } from '../../control-plane/file-plan.ts';
import { examineNode } from '../../diagnosis/node/examine.ts';
import { gatherNode } from '../../diagnosis/node/gather.ts';
import { imagePolicyStageOf } from '../../diagnosis/node/kubeconfig.ts';
import { examineCluster } from '../../diagnosis/cluster/examine.ts';
import { proofsOf } from '../../diagnosis/cluster/enforcement.ts';
import { gatherCluster } from '../../diagnosis/cluster/gather.ts';
import { policyOf } from '../../diagnosis/policy.ts';
import { isHealthy, sortFindings } from '../../diagnosis/finding.ts';
import { fetchChain, isPairAccepted } from '../../certificate/live.ts';
import { loadPolicy } from '../../policy-source/load.ts';
import type { Stage } from '../../policy/stage.ts';
import type { Policy } from '../../policy/policy.ts';
import {
  addClusterOptions,
  messageOf,
  outputOption,
  type CommandContext,
  type ExitCode,
  type Streams,
  writeTo,
} from '../command.ts';
import { conflict, decodeAnyVersion, openCluster } from '../settings.ts';
import { type DoctorReport, renderReport } from './doctor-report.ts';
import { API_SERVER_MANIFEST, NODE_FOLDER } from '../../wiring/names.ts';

/** Options of `doctor` as text. */
interface DoctorOptions {
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

export function define(command: Command, { streams, finish }: CommandContext): void {
  command
    .option('--policy <file>', 'policy that should be active (default: the policy in the cluster)')
    .option('--namespace <name>', "the gate's own namespace (default: the namespace that a webhook calls)")
    .option('--canary-namespace <name>', 'namespace of the test pods, which are dry runs', 'default')
    .option(
      '--good-image <image>',
      'image that the policy admits (default: an image that runs in the cluster)',
    )
    .option('--node-files', 'examine the files of this control-plane node')
    .option('--manifest <file>', `the static pod (default: ${API_SERVER_MANIFEST})`)
    .option('--folder <folder>', `copy of ${NODE_FOLDER} (default: the folder itself)`)
    .option('--kubernetes-version <version>', 'with --node-files: such as 1.30 (default: from the image)');
  addClusterOptions(command)
    .addOption(outputOption())
    .addHelpText('after', '\nExit code: 0 no warning and no fault, 1 a warning or a fault, 2 could not run.')
    .action(async (options: DoctorOptions) => finish(await doctor(options, streams)));
}

/**
 * Milliseconds to wait for the certificate of a Service. The time is short, because a laptop cannot reach a Service.
 */
const FETCH_MS = 1500;

/** Prints whether the gate is enforcing, or the faults and their remedies. Changes nothing. */
async function doctor(options: DoctorOptions, { stdout }: Streams): Promise<ExitCode> {
  const wantsNode =
    options.nodeFiles === true || options.manifest !== undefined || options.folder !== undefined;
  const wantsCluster = !wantsNode || options.kubeconfig !== undefined || options.context !== undefined;
  refuseIdleOptions(options, wantsNode, wantsCluster);
  const policy = options.policy === undefined ? undefined : await loadPolicy(options.policy);
  const node = wantsNode ? await examineNodeFiles(options, policy) : undefined;
  const cluster = wantsCluster ? await examineLiveCluster(options, policy, node) : undefined;
  const report = joinReports([node?.report, cluster].filter((one) => one !== undefined));
  writeTo(stdout, renderReport(report, options.output));
  return isHealthy(report.findings) ? 0 : 1;
}

async function examineLiveCluster(
  options: DoctorOptions,
  policy: Policy | undefined,
  node: NodeResult | undefined,
): Promise<DoctorReport> {
  const { kubeconfig, context, namespace, canaryNamespace, goodImage } = options;
  const client = await openCluster({ kubeconfig, context });
  const material = await gatherCluster({
    client,
    now,
    policy,
    namespace,
    canaryNamespace,
    goodImage,
    imagePolicyStage: node?.imagePolicyStage,
    nodePolicy: node?.policy,
    fetchChain: fetchInTime,
  });
  return {
    subjects: [`${material.server} (${material.version.text})`],
    enforcing: material.canaries.badPod.outcome === 'refused',
    proofs: proofsOf(material),
    findings: examineCluster(material),
  };
}

/** A report, and what the cluster does not show: the stage of `ImagePolicyWebhook`, and the policy of its gate. */
interface NodeResult {
  readonly report: DoctorReport;
  readonly imagePolicyStage: Stage | undefined;
  readonly policy: Policy | undefined;
}

/** Examines the files of a control-plane node, or copies of such files. */
async function examineNodeFiles(
  { manifest, folder, kubernetesVersion }: DoctorOptions,
  policy: Policy | undefined,
): Promise<NodeResult> {
  const manifestFile = manifest ?? API_SERVER_MANIFEST;
  const material = await gatherNode({
    files: { find: findFile, list: listFolder },
    manifestFile,
    folder: folder ?? NODE_FOLDER,
    version: decodeAnyVersion(kubernetesVersion),
    policy,
    isOnNode: manifest === undefined && folder === undefined,
    now,
    fetchChain: fetchInTime,
    offerPair: (address, pair) => isPairAccepted(address, pair, FETCH_MS),
  });
  const findings = examineNode(material);
  return {
    report: { subjects: [manifestFile], enforcing: undefined, proofs: [], findings },
    imagePolicyStage: imagePolicyStageOf(material),
    policy: policyOf({ ...material.policy, meant: undefined }),
  };
}

/** @throws {ControlPlaneError} NODE_FILE_UNREADABLE */
async function listFolder(folder: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return undefined;
    throw new ControlPlaneError('NODE_FILE_UNREADABLE', `${folder}: ${messageOf(cause)}`, { cause });
  }
}

function joinReports(reports: readonly DoctorReport[]): DoctorReport {
  return {
    subjects: reports.flatMap(({ subjects }) => subjects),
    enforcing: reports.at(-1)?.enforcing,
    proofs: reports.flatMap(({ proofs }) => proofs),
    findings: sortFindings(reports.flatMap(({ findings }) => findings)),
  };
}

/** Refuses an option that has no effect with the other options, because the user expects an effect. */
function refuseIdleOptions(options: DoctorOptions, wantsNode: boolean, wantsCluster: boolean): void {
  const { kubernetesVersion, namespace, goodImage } = options;
  if (kubernetesVersion !== undefined && !wantsNode) {
    throw conflict(
      '--kubernetes-version needs --node-files: doctor reads the version of a cluster from its API server',
    );
  }
  const idle = namespace === undefined ? goodImage && '--good-image' : '--namespace';
  if (idle !== undefined && !wantsCluster) {
    throw conflict(
      `${idle} is for a cluster, but doctor examines only files here: give --kubeconfig as well`,
    );
  }
}

function fetchInTime(address: Parameters<typeof fetchChain>[0]): ReturnType<typeof fetchChain> {
  return fetchChain(address, FETCH_MS);
}

function now(): Date {
  return new Date();
}
