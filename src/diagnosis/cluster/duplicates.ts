import { finding, type Finding } from '../finding.ts';
import type { ClusterMaterial } from './material.ts';

/** Whether the gate is wired more than once: a hand-made configuration beside ours, or one of an older name. */
export function examineDuplicates({ webhooks }: ClusterMaterial): readonly Finding[] {
  const sources = [...new Set(webhooks.map(({ source }) => source))];
  if (sources.length < 2) return [];
  return [finding('WEBHOOK_DUPLICATE', sources.join(', '), `${sources.length} configurations ask the gate`)];
}
