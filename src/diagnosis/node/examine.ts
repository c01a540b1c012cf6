import { join } from 'node:path';
import { GATE_FILES } from '../../control-plane/gate-command.ts';
import { examinePolicy } from '../policy.ts';
import { examineUnread, type Finding, sortFindings } from '../finding.ts';
import { examineBlindSpots } from './blind-spots.ts';
import { examineImagePolicy } from './image-policy.ts';
import { examineKubeconfig } from './kubeconfig.ts';
import { examineBesides, examineManifest, examineOwner } from './manifest.ts';
import { examineWebhookUsers } from './client-pairs.ts';
import type { NodeMaterial } from './material.ts';
import { examineKeys, examineLeftovers, examineRunners, examineServingPair } from './gate-files.ts';
import { examineStatic } from './static-webhooks.ts';

/** One check of the material. */
type NodeExamination = (material: NodeMaterial) => readonly Finding[];

const EXAMINATIONS: readonly NodeExamination[] = [
  examineManifest,
  examineOwner,
  examineBesides,
  examineImagePolicy,
  examineKubeconfig,
  examineWebhookUsers,
  examineStatic,
  examineServingPair,
  examineKeys,
  examineLeftovers,
  examineRunners,
  // A gate that was not installed by `bootstrap` has its policy elsewhere.
  ({ policy, folder }) =>
    policy.held === 'none' ? [] : examinePolicy(policy, join(folder, GATE_FILES.policy)),
  examineBlindSpots,
  ({ unread }) => examineUnread(unread),
];

/** All findings of the files of a control-plane node, faults first. */
export function examineNode(material: NodeMaterial): readonly Finding[] {
  const findings = EXAMINATIONS.flatMap((examine) => examine(material));
  return sortFindings(material.distribution === undefined ? findings : findings.map(withoutApply));
}

/** On a node whose API server another tool owns, `bootstrap` prints the settings of that tool, and `--apply` is refused. */
function withoutApply(one: Finding): Finding {
  const remedy = one.remedy.map((part) =>
    typeof part === 'string' || part.form !== 'gate' || !part.command.startsWith('bootstrap')
      ? part
      : { ...part, options: part.options.filter((option) => option !== '--apply') },
  );
  return { ...one, remedy };
}
