import { examineCluster } from '../../diagnosis/cluster/examine.ts';
import { proofsOf } from '../../diagnosis/cluster/enforcement.ts';
import { gatherCluster } from '../../diagnosis/cluster/gather.ts';
import { isHealthy, sortFindings } from '../../diagnosis/finding.ts';
import { fetchChain } from '../../certificate/live.ts';
import { openCluster } from '../../kubernetes/config.ts';
import { loadPolicy } from '../../policy/load.ts';
import type { Policy } from '../../policy/policy.ts';
import type { DoctorOptions } from '../doctor-options.ts';
import { SettingsError } from '../settings-error.ts';
import type { ExitCode, Streams } from '../streams.ts';
import { type DoctorReport, renderReport } from './doctor-report.ts';
import { examineNodeFiles } from './doctor-node.ts';

/** What cannot be reached from here must not keep anybody waiting: certificates of a Service, seen from a laptop. */
const LOOK_MS = 1500;

/** Says whether the gate is enforcing, or what is broken and how it is mended. Changes nothing. */
export async function doctor(options: DoctorOptions, { stdout }: Streams): Promise<ExitCode> {
  const wantsNode =
    options.nodeFiles === true || options.manifest !== undefined || options.folder !== undefined;
  const wantsCluster = !wantsNode || options.kubeconfig !== undefined || options.context !== undefined;
  refuseIdleOptions(options, wantsNode, wantsCluster);
  const policy = options.policy === undefined ? undefined : await loadPolicy(options.policy);
  const reports = [
    ...(wantsNode ? [await examineNodeFiles(options, { now, fetchChain: look, policy })] : []),
    ...(wantsCluster ? [await diagnoseCluster(options, policy)] : []),
  ];
  const report = joinReports(reports);
  stdout.write(renderReport(report, options.output));
  return isHealthy(report.findings) ? 0 : 1;
}

async function diagnoseCluster(options: DoctorOptions, policy: Policy | undefined): Promise<DoctorReport> {
  const { kubeconfig, context, namespace, canaryNamespace, goodImage } = options;
  const client = await openCluster({ kubeconfig, context });
  const material = await gatherCluster({
    client,
    now,
    policy,
    namespace,
    canaryNamespace,
    goodImage,
    fetchChain: look,
  });
  return {
    subjects: [`${material.server} (${material.version.text})`],
    enforcing: material.canaries.badPod.outcome === 'refused',
    proofs: proofsOf(material),
    findings: examineCluster(material),
  };
}

/** The files know more than the cluster: of an ImagePolicyWebhook it cannot tell the stage. */
function joinReports(reports: readonly DoctorReport[]): DoctorReport {
  const findings = reports.flatMap((one) => one.findings);
  const isStaged = reports.length > 1 && reports[0]?.findings.some(({ code }) => code === 'BELOW_DENY');
  return {
    subjects: reports.flatMap(({ subjects }) => subjects),
    enforcing: reports.at(-1)?.enforcing,
    proofs: reports.flatMap(({ proofs }) => proofs),
    findings: sortFindings(
      isStaged === true
        ? findings.filter(({ code }) => code !== 'NO_WIRING' && code !== 'NOT_ENFORCING')
        : findings,
    ),
  };
}

/** An option that would mean nothing was meant for something else. */
function refuseIdleOptions(options: DoctorOptions, wantsNode: boolean, wantsCluster: boolean): void {
  const { kubernetesVersion, namespace, goodImage } = options;
  if (kubernetesVersion !== undefined && !wantsNode) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      '--kubernetes-version goes with --node-files: a cluster says itself which version it is',
    );
  }
  const idle = namespace === undefined ? goodImage && '--good-image' : '--namespace';
  if (idle !== undefined && !wantsCluster) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      `${idle} is about a cluster, and only files are looked at: give --kubeconfig as well`,
    );
  }
}

function look(address: Parameters<typeof fetchChain>[0]): ReturnType<typeof fetchChain> {
  return fetchChain(address, LOOK_MS);
}

function now(): Date {
  return new Date();
}
