import { isAlias, isMap, isScalar, isSeq, type Alias, type Node, type YAMLMap } from 'yaml';

/** Maximum number of keys that all merges of a document add together. Merges must not multiply the document (C11). */
export const MAX_MERGED = 1_000_000;

/** The node that each alias refers to. */
type AliasTargets = ReadonlyMap<Alias, Node>;

type Refuse = (offset: number, sentence: string, hint: string) => Error;

/**
 * Refuses merges that two readers understand differently. kubectl reads with goyaml, which goes through a map from top
 * to bottom, so a `<<` replaces the keys above it. In YAML a key of the map itself always wins.
 * @see https://yaml.org/type/merge.html
 */
export function checkMerges(
  maps: readonly YAMLMap[],
  targets: AliasTargets,
  refuse: Refuse,
  maxMerged = MAX_MERGED,
): void {
  const merged = new MergedKeys(targets, maxMerged);
  for (const map of maps) {
    for (const [index, { key, value }] of map.items.entries()) {
      if (!isScalar(key) || key.source !== '<<') continue;
      const offset = key.range?.[0] ?? 0;
      // With !!str it is a merge only for the yaml package, with ! and in quotes only for goyaml.
      if (key.tag !== undefined)
        throw refuse(offset, '"<<" has a tag, so it is a merge only for some readers', 'leave the tag out');
      const above = map.items.slice(0, index).map((pair) => String(pair.key));
      if (isMerge(key)) checkMerge(offset, above, merged.of(value), refuse);
    }
  }
}

function checkMerge(offset: number, above: readonly string[], keys: Keys, refuse: Refuse): void {
  if (keys === 'too many')
    throw refuse(offset, 'the merges add too many keys', 'write the keys in place of the merges');
  const lost = above.find((key) => keys.has(key));
  if (lost !== undefined)
    throw refuse(
      offset,
      `this merge replaces the key ${JSON.stringify(lost)} above it for kubectl, but not for other readers`,
      'move << to the top, or leave the key out',
    );
}

type Keys = ReadonlySet<string> | 'too many';

/** The keys that merges add, also through lists, aliases and further merges. */
class MergedKeys {
  readonly #targets: AliasTargets;
  #left: number;

  constructor(targets: AliasTargets, maxMerged: number) {
    this.#targets = targets;
    this.#left = maxMerged;
  }

  of(source: unknown): Keys {
    const keys = new Set<string>();
    return this.#collect(source, keys) ? keys : 'too many';
  }

  #collect(source: unknown, keys: Set<string>): boolean {
    const node = isAlias(source) ? this.#targets.get(source) : source;
    if (!this.#spend()) return false;
    if (isSeq(node)) return node.items.every((item) => this.#collect(item, keys));
    if (!isMap(node)) return true;
    return node.items.every(({ key, value }) => {
      if (isMerge(key)) return this.#collect(value, keys);
      keys.add(String(key));
      return this.#spend();
    });
  }

  #spend(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }
}

/** The yaml package makes a symbol of the key. A quoted `<<` is text, also for kubectl. */
function isMerge(key: unknown): boolean {
  return isScalar(key) && typeof key.value === 'symbol';
}
