import { readdir } from 'node:fs/promises';
import { findFile } from '../../control-plane/file-plan.ts';
import { ControlPlaneError } from '../../control-plane/errors.ts';
import type { FetchChain } from '../../diagnosis/certificate/served.ts';
import { examineNode } from '../../diagnosis/node/examine.ts';
import { gatherNode } from '../../diagnosis/node/gather.ts';
import { NODE_FOLDER } from '../../diagnosis/node/reader.ts';
import { type KubernetesVersion, parseKubernetesVersion } from '../../kubernetes/version.ts';
import type { Policy } from '../../policy/policy.ts';
import type { DoctorOptions } from '../doctor-options.ts';
import { SettingsError } from '../settings-error.ts';
import type { DoctorReport } from './doctor-report.ts';

const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';

/** What the files are looked at with. */
export interface NodeInspection {
  readonly now: () => Date;
  readonly fetchChain: FetchChain;
  readonly policy: Policy | undefined;
}

/** Looks at the files of a control-plane node, or at files that are to become some. */
export async function examineNodeFiles(
  { manifest, folder, kubernetesVersion }: DoctorOptions,
  { now, fetchChain, policy }: NodeInspection,
): Promise<DoctorReport> {
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
  return { subjects: [manifestFile], enforcing: undefined, proofs: [], findings: examineNode(material) };
}

function decodeVersion(text: string | undefined): KubernetesVersion | undefined {
  if (text === undefined) return undefined;
  const version = parseKubernetesVersion(text);
  if (version !== undefined) return version;
  throw new SettingsError(
    'SETTING_INVALID',
    `--kubernetes-version: ${JSON.stringify(text)} is no version (write it as 1.30)`,
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
