import { finding, type Finding } from '../finding.ts';
import type { ClusterMaterial } from './material.ts';

/** What was not looked at, so that silence about it means nothing. */
export function examineUnread({ unread }: ClusterMaterial): readonly Finding[] {
  return unread.map(({ subject, reason }) =>
    finding('NOT_EXAMINED', subject, `it could not be read: ${reason}`),
  );
}
