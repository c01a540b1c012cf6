import { examineCluster } from '../../diagnosis/cluster/examine.ts';
import { proofsOf } from '../../diagnosis/cluster/enforcement.ts';
import { gatherCluster } from '../../diagnosis/cluster/gather.ts';
import { isHealthy, sortFindings } from '../../diagnosis/finding.ts';
import { fetchChain } from '../../certificate/live.ts';
import { openCluster } from '../../kubernetes/config.ts';
import { loadPolicy } from '../../policy/load.ts';
import type { Stage } from '../../policy/stage.ts';
import type { Policy } from '../../policy/policy.ts';
import type { DoctorOptions } from '../doctor-options.ts';
import { SettingsError } from '../settings-error.ts';
import type { ExitCode, Streams } from '../streams.ts';
import { type DoctorReport, renderReport } from './doctor-report.ts';
import { examineNodeFiles } from './doctor-node.ts';

/** From a laptop the certificate of a Service is not reachable: do not wait long for it. */
const FETCH_MS = 1500;

/** Prints whether the gate is enforcing, or the faults and their remedies. Changes nothing. */
export async function doctor(options: DoctorOptions, { stdout }: Streams): Promise<ExitCode> {
  const wantsNode =
    options.nodeFiles === true || options.manifest !== undefined || options.folder !== undefined;
  const wantsCluster = !wantsNode || options.kubeconfig !== undefined || options.context !== undefined;
  refuseIdleOptions(options, wantsNode, wantsCluster);
  const policy = options.policy === undefined ? undefined : await loadPolicy(options.policy);
  const node = wantsNode
    ? await examineNodeFiles(options, { now, fetchChain: fetchInTime, policy })
    : undefined;
  const cluster = wantsCluster
    ? await examineLiveCluster(options, policy, node?.imagePolicyStage)
    : undefined;
  const report = joinReports([node?.report, cluster].filter((one) => one !== undefined));
  stdout.write(renderReport(report, options.output));
  return isHealthy(report.findings) ? 0 : 1;
}

async function examineLiveCluster(
  options: DoctorOptions,
  policy: Policy | undefined,
  imagePolicyStage: Stage | undefined,
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
    imagePolicyStage,
    fetchChain: fetchInTime,
  });
  return {
    subjects: [`${material.server} (${material.version.text})`],
    enforcing: material.canaries.badPod.outcome === 'refused',
    proofs: proofsOf(material),
    findings: examineCluster(material),
  };
}

function joinReports(reports: readonly DoctorReport[]): DoctorReport {
  return {
    subjects: reports.flatMap(({ subjects }) => subjects),
    enforcing: reports.at(-1)?.enforcing,
    proofs: reports.flatMap(({ proofs }) => proofs),
    findings: sortFindings(reports.flatMap(({ findings }) => findings)),
  };
}

/** Refuses an option that has no effect with the others: the user expects one. */
function refuseIdleOptions(options: DoctorOptions, wantsNode: boolean, wantsCluster: boolean): void {
  const { kubernetesVersion, namespace, goodImage } = options;
  if (kubernetesVersion !== undefined && !wantsNode) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      '--kubernetes-version goes with --node-files: doctor asks a cluster for its version',
    );
  }
  const idle = namespace === undefined ? goodImage && '--good-image' : '--namespace';
  if (idle !== undefined && !wantsCluster) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      `${idle} is about a cluster, and doctor examines files only: give --kubeconfig as well`,
    );
  }
}

function fetchInTime(address: Parameters<typeof fetchChain>[0]): ReturnType<typeof fetchChain> {
  return fetchChain(address, FETCH_MS);
}

function now(): Date {
  return new Date();
}
