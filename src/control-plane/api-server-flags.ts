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

/** The flags of kube-apiserver 1.24 to 1.37 for admission. Each needs a value. */
export const ADMISSION_FLAGS: readonly string[] = [
  'enable-admission-plugins',
  'disable-admission-plugins',
  'admission-control',
  'admission-control-config-file',
];

/**
 * The flags in a list: `--name=value`, `--name value` in two items, or `--name` alone. Items that are not strings or
 * belong to no flag are skipped. A flag that needs a value takes the next item, whatever it is.
 */
export function parseFlags(words: readonly unknown[], list: Path): readonly Flag[] {
  return words.flatMap((word, index) => {
    const [, name, value] = (typeof word === 'string' && /^--([^=\s]+)(?:=(.*))?$/s.exec(word)) || [];
    if (name === undefined) return [];
    if (isValueOfFlag(words, index)) return [];
    const next = words[index + 1];
    // The API server treats underscores as dashes.
    const written = name.replaceAll('_', '-');
    const takesNext = ADMISSION_FLAGS.includes(written);
    const isSplit = value === undefined && typeof next === 'string' && (takesNext || !next.startsWith('-'));
    const namePath = [...list, index];
    return [
      {
        name: written,
        value: isSplit ? next : value,
        path: isSplit ? [...list, index + 1] : namePath,
        namePath,
      },
    ];
  });
}

/** Whether an item that looks like a flag is the value of the admission flag before it. */
function isValueOfFlag(words: readonly unknown[], index: number): boolean {
  const before = words[index - 1];
  if (typeof before !== 'string' || !before.startsWith('--')) return false;
  const name = before.slice(2).replaceAll('_', '-');
  return ADMISSION_FLAGS.includes(name) && !isValueOfFlag(words, index - 1);
}

/** The list item that sets a flag to another value, in the same form as the present item. */
export function renderFlag(
  { name, path, namePath }: Pick<Flag, 'name' | 'path' | 'namePath'>,
  value: string,
): string {
  return path === namePath ? `--${name}=${value}` : value;
}

/**
 * The items of a value such as `NodeRestriction,ImagePolicyWebhook`, as the API server reads it: one line of CSV, whose
 * blanks belong to the items.
 */
export function itemsOf(value: string | undefined): readonly string[] {
  const [line = ''] = (value ?? '').split('\n');
  if (line === '') return [];
  return line
    .split(',')
    .map((item) => (/^".*"$/.test(item) ? item.slice(1, -1).replaceAll('""', '"') : item));
}
