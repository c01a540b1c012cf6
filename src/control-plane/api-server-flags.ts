import type { Path } from '../document/json.ts';

/** A flag of a command line that stands in a list of a document. */
export interface Flag {
  /** With dashes, as `--help` prints it. */
  readonly name: string;
  /** `undefined` for a flag that stands alone. */
  readonly value: string | undefined;
  /** The item that holds the value. */
  readonly path: Path;
  /** The item that holds the name: the same, or the one before. */
  readonly namePath: Path;
}

/**
 * The flags among the words of a list: `--name=value`, `--name value` in two items, or `--name` alone. A word that
 * is no text, and one that belongs to no flag, is passed over.
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
        // The API server takes underscores for dashes.
        name: name.replaceAll('_', '-'),
        value: isSplit ? next : value,
        path: isSplit ? [...list, index + 1] : namePath,
        namePath,
      },
    ];
  });
}

/** The word that gives a flag another value, in the form in which it stands. */
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
