import type { Say } from '../admission/fit.ts';
import type { ObjectResult } from './result.ts';
import { entriesOf } from './sentence.ts';

/** Largest number of refused objects in the list. */
const MAX_OBJECTS = 100;

/** The running objects of a cluster that would be refused, with the reasons, and a summary; without the last line break. */
export function renderWorkloads(
  { judged, refused }: { readonly judged: number; readonly refused: readonly ObjectResult[] },
  say: Say,
): string {
  const lines: string[] = [];
  for (const object of refused.slice(0, MAX_OBJECTS)) {
    lines.push(`refused  ${object.kind} ${object.namespace ?? ''}/${object.name}`);
    for (const { kind, sentence } of entriesOf(object, say))
      if (kind === 'refused') lines.push(`         ${sentence}`);
  }
  const more = refused.length - MAX_OBJECTS;
  if (more > 0) lines.push(`… and ${more} more`);
  lines.push(`${judged} running objects: ${refused.length} would be refused`);
  return lines.join('\n');
}
