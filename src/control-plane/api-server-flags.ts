import type { Path } from '../document/json.ts';

/** A flag in a command line that is a list in a document. */
export interface Flag {
  /** With dashes, as in `--help`. */
  readonly name: string;
  /** `undefined` for a flag without value. */
  readonly value: string | undefined;
  /** The path of the item with the value. */
  readonly path: Path;
  /** The path of the item with the name: the same item, or the one before. */
  readonly namePath: Path;
}

/**
 * The flags in a list: `--name=value`, `--name value` in two items, or `--name` alone. Items that are not strings or
 * belong to no flag are skipped.
 */
export function parseFlags(words: readonly unknown[], list: Path): readonly Flag[] {
  return words.flatMap((word, index) => {
    const [, name, value] = (typeof word === 'string' && /^--([^=\s]+)(?:=(.*))?$/s.exec(word)) || [];
    if (name === undefined) return [];
    const next = words[index + 1];
    const isSplit = value === undefined && typeof next === 'string' && !next.startsWith('-');
    const namePath = [...list, index];
    return [
      {
        // The API server treats underscores as dashes.
        name: name.replaceAll('_', '-'),
        value: isSplit ? next : value,
        path: isSplit ? [...list, index + 1] : namePath,
        namePath,
      },
    ];
  });
}

/** The list item that sets a flag to another value, in the same form as the present item. */
export function renderFlag(
  { name, path, namePath }: Pick<Flag, 'name' | 'path' | 'namePath'>,
  value: string,
): string {
  return path === namePath ? `--${name}=${value}` : value;
}

/** The items of a value such as `NodeRestriction,ImagePolicyWebhook`. */
export function itemsOf(value: string | undefined): readonly string[] {
  return (value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
