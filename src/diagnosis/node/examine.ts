import { join } from 'node:path';
import { GATE_FILES } from '../../control-plane/gate-command.ts';
import { examinePolicy } from '../policy.ts';
import { type Finding, finding, sortFindings } from '../finding.ts';
import { examineBlindSpots } from './blind-spots.ts';
import { examineImagePolicy } from './image-policy.ts';
import { examineKeys } from './keys.ts';
import { examineKubeconfig } from './kubeconfig.ts';
import { examineLeftovers } from './leftovers.ts';
import { examineBesides, examineManifest } from './manifest.ts';
import { examineWebhookUsers } from './webhook-users.ts';
import type { NodeMaterial } from './material.ts';
import { examineServingPair } from './serving-pair.ts';
import { examineStatic } from './static-webhooks.ts';

/** Looks at what was gathered, and says what is wrong with it. */
export type NodeExamination = (material: NodeMaterial) => readonly Finding[];

const EXAMINATIONS: readonly NodeExamination[] = [
  examineManifest,
  examineBesides,
  examineImagePolicy,
  examineKubeconfig,
  examineWebhookUsers,
  examineStatic,
  examineServingPair,
  examineKeys,
  examineLeftovers,
  // A gate that somebody else runs has its policy elsewhere.
  ({ policy, folder }) =>
    policy.held === 'none' ? [] : examinePolicy(policy, join(folder, GATE_FILES.policy)),
  examineBlindSpots,
  ({ unread }) =>
    unread.map(({ subject, reason }) => finding('NOT_EXAMINED', subject, `it could not be read: ${reason}`)),
];

/** Everything that is wrong with the files of a control-plane node, the worst first. */
export function examineNode(material: NodeMaterial): readonly Finding[] {
  return sortFindings(EXAMINATIONS.flatMap((examine) => examine(material)));
}
