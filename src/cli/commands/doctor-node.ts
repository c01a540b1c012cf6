import { readdir } from 'node:fs/promises';
import { findFile } from '../../control-plane/file-plan.ts';
import { ControlPlaneError } from '../../control-plane/errors.ts';
import type { FetchChain } from '../../diagnosis/certificate/served.ts';
import { examineNode } from '../../diagnosis/node/examine.ts';
import { gatherNode } from '../../diagnosis/node/gather.ts';
import { imagePolicyStageOf } from '../../diagnosis/node/kubeconfig.ts';
import { NODE_FOLDER } from '../../diagnosis/node/reader.ts';
import { type KubernetesVersion, parseKubernetesVersion } from '../../kubernetes/version.ts';
import type { Stage } from '../../policy/stage.ts';
import type { Policy } from '../../policy/policy.ts';
import type { DoctorOptions } from '../doctor-options.ts';
import { SettingsError } from '../settings-error.ts';
import type { DoctorReport } from './doctor-report.ts';

const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';

/** The dependencies of {@link examineNodeFiles}. */
export interface NodeInspection {
  readonly now: () => Date;
  readonly fetchChain: FetchChain;
  readonly policy: Policy | undefined;
}

/** A report, and the stage of `ImagePolicyWebhook`, which the cluster does not show. */
export interface NodeResult {
  readonly report: DoctorReport;
  readonly imagePolicyStage: Stage | undefined;
}

/** Examines the files of a control-plane node, or files elsewhere that are meant for one. */
export async function examineNodeFiles(
  { manifest, folder, kubernetesVersion }: DoctorOptions,
  { now, fetchChain, policy }: NodeInspection,
): Promise<NodeResult> {
  const manifestFile = manifest ?? MANIFEST;
  const material = await gatherNode({
    files: { find: findFile, list: listFolder },
    manifestFile,
    folder: folder ?? NODE_FOLDER,
    version: decodeVersion(kubernetesVersion),
    policy,
    isOnNode: manifest === undefined && folder === undefined,
    now,
    fetchChain,
  });
  const findings = examineNode(material);
  return {
    report: { subjects: [manifestFile], enforcing: undefined, proofs: [], findings },
    imagePolicyStage: imagePolicyStageOf(material),
  };
}

function decodeVersion(text: string | undefined): KubernetesVersion | undefined {
  if (text === undefined) return undefined;
  const version = parseKubernetesVersion(text);
  if (version !== undefined) return version;
  throw new SettingsError(
    'SETTING_INVALID',
    `--kubernetes-version: ${JSON.stringify(text)} is no version (write 1.30, for example)`,
  );
}

/** @throws {ControlPlaneError} NODE_FILE_UNREADABLE */
async function listFolder(folder: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ControlPlaneError('NODE_FILE_UNREADABLE', `${folder}: ${reason}`, { cause });
  }
}
