import { finding, type Finding } from '../finding.ts';
import type { ClusterMaterial } from './material.ts';

/** What is tolerated: the header is to the second, and an answer may have been long on its way. */
const TOLERATED_MS = 30_000;

/** Whether the API server and we agree on the time. */
export function examineClock({ clockAheadMs, server }: ClusterMaterial): readonly Finding[] {
  if (clockAheadMs === undefined || Math.abs(clockAheadMs) <= TOLERATED_MS) return [];
  const seconds = Math.round(Math.abs(clockAheadMs) / 1000);
  const what = `its clock is ${seconds} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} ours`;
  return [finding('CLOCK_DIFFERS', server, what)];
}
