import type { CustomKind } from './custom/custom-kind.ts';
import { SHIPPED_KINDS } from './custom/shipped-kinds.ts';
import { BUILT_IN_KINDS, type KindTable, type KnownKind } from './kinds.ts';

/** The kinds that every policy knows: Kubernetes' own, and the custom resources that come with the gate. */
export const KNOWN_KINDS: KindTable = withCustomKinds(BUILT_IN_KINDS, SHIPPED_KINDS);

/** A table of its own, with further kinds; one that is there already is replaced. */
export function withCustomKinds(table: KindTable, kinds: readonly CustomKind[]): KindTable {
  const wider = new Map([...table].map(([group, known]) => [group, new Map(known)] as const));
  for (const kind of kinds) {
    const known = wider.get(kind.group) ?? new Map<string, KnownKind>();
    wider.set(kind.group, known.set(kind.kind, kind));
  }
  return wider;
}

/** The kinds of a table, each once, in their order. */
export function kindsIn(table: KindTable): readonly KnownKind[] {
  return [...new Set([...table.values()].flatMap((known) => Array.from(known.values())))];
}
