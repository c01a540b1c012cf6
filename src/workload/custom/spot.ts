import type { Path } from '../../document/json.ts';

/** Maximum number of characters of a key or name that identifies a value. No name in Kubernetes is longer. If it is longer, the index identifies the value. */
const NAME_CHARACTERS = 253;

/** A value on the way to an image. Its path and its identity are made only when they are needed. */
export interface Spot {
  readonly value: unknown;
  readonly up: Spot | undefined;
  readonly kind: 'root' | 'field' | 'item' | 'entry';
  /** The key of a field or of an entry of a map; the name of an item, `''` if it has none. */
  readonly key: string;
  /** The index of an item or of an entry. */
  readonly index: number;
  /** The value of the map at this key, if `value` is the key. */
  readonly beside: unknown;
}

/** The object itself. */
export function rootSpot(value: unknown): Spot {
  return { value, up: undefined, kind: 'root', key: '', index: 0, beside: undefined };
}

/** Whether the value is a key of its map. */
export function isKey({ kind, beside }: Spot): boolean {
  return kind === 'entry' && beside !== undefined;
}

/** The name of the nearest item or entry that has one. */
export function nameOf(spot: Spot): string | undefined {
  for (let at: Spot | undefined = spot; at !== undefined; at = at.up) {
    const isNamed = at.kind === 'item' || (at.kind === 'entry' && !isKey(at));
    if (isNamed && at.key !== '' && at.key.length <= NAME_CHARACTERS) return at.key;
  }
  return undefined;
}

/** The path from the object to the value. */
export function pathOf(spot: Spot): Path {
  const path: (string | number)[] = [];
  for (let at: Spot = spot; at.up !== undefined; at = at.up)
    path.push(at.kind === 'item' ? at.index : at.key);
  return path.reverse();
}

/** A text that identifies the value. It does not depend on the order of lists and maps: `.spec.steps["build"]`. */
export function identityOf(spot: Spot): string {
  let identity = '';
  for (let at: Spot = spot; at.up !== undefined; at = at.up) identity = renderStep(at) + identity;
  return identity;
}

function renderStep({ kind, key, index }: Spot): string {
  if (kind === 'field') return `.${key}`;
  const isKnown = key !== '' && key.length <= NAME_CHARACTERS;
  const which = isKnown ? JSON.stringify(key) : index;
  return kind === 'item' ? `[${which}]` : `{${which}}`;
}
