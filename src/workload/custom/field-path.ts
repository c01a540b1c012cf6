/** One step from a value of an object to the values within it. */
export type Step =
  | { readonly kind: 'key'; readonly key: string }
  /** Every item of a list; `named` is the field that names an item, so that its place does not depend on the order. */
  | { readonly kind: 'items'; readonly named: string }
  /** The items of a list whose field has a value. */
  | { readonly kind: 'itemsWith'; readonly field: string; readonly value: string }
  /** Every value of a map; its key is its name. */
  | { readonly kind: 'values' }
  /** Every key of a map, which are the images. */
  | { readonly kind: 'keys' };

/** Where in a custom resource something stands. */
export interface FieldPath {
  readonly text: string;
  readonly steps: readonly Step[];
}

/** Text that is no path. */
export class FieldPathError extends Error {
  override readonly name = 'FieldPathError';
}

const MAX_CHARACTERS = 512;
const MAX_STEPS = 32;

// One step each; the first key has no dot before it, and a key that is no word is quoted: ["example.com/image"].
const KEY = /\.?([A-Za-z0-9_-]+)/y;
const QUOTED_KEY = /\["((?:[^"\\]|\\.)+)"\]/y;
const ITEMS = /\[\*\]/y;
const ITEMS_NAMED = /\[([A-Za-z0-9_-]+)\]/y;
const ITEMS_WITH = /\[([A-Za-z0-9_-]+)=([A-Za-z0-9_.-]+)\]/y;
const VALUES = /\.?\*/y;
const KEYS = /\{keys\}/y;

/**
 * Reads a path: `spec.template.spec`, `spec.steps[*].image`, `spec.replicaSpecs.*.template.spec`,
 * `spec.images{keys}`, `spec.groups[groupName].image`, `params[name=bundle].value`. `''` is the value itself.
 * @throws {FieldPathError} that says from which character on it cannot be read.
 */
export function parseFieldPath(text: string): FieldPath {
  if (text.length > MAX_CHARACTERS)
    throw new FieldPathError(`a path has at most ${MAX_CHARACTERS} characters`);
  const steps: Step[] = [];
  for (let position = 0; position < text.length;) {
    const read = readStep(text, position);
    if (read === undefined) {
      throw new FieldPathError(
        `${JSON.stringify(text)} cannot be read from character ${position + 1} on: ${JSON.stringify(text.slice(position, position + 16))}`,
      );
    }
    if (steps.at(-1)?.kind === 'keys')
      throw new FieldPathError(`${JSON.stringify(text)} goes on behind {keys}, where nothing is`);
    steps.push(read.step);
    position = read.end;
  }
  if (steps.length > MAX_STEPS) throw new FieldPathError(`a path has at most ${MAX_STEPS} steps`);
  return { text, steps };
}

function readStep(text: string, position: number): { readonly step: Step; readonly end: number } | undefined {
  // A dot parts two steps, so that none may stand before the first.
  const isParted = (position === 0) !== (text[position] === '.');
  const read = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    return pattern.exec(text);
  };
  const found = (match: RegExpExecArray, step: Step) => ({ step, end: position + match[0].length });
  const values = isParted ? read(VALUES) : null;
  if (values !== null) return found(values, { kind: 'values' });
  const key = isParted ? read(KEY) : null;
  if (key !== null) return found(key, { kind: 'key', key: key[1] ?? '' });
  const quoted = read(QUOTED_KEY);
  if (quoted !== null) return found(quoted, { kind: 'key', key: (quoted[1] ?? '').replace(/\\(.)/g, '$1') });
  const items = read(ITEMS);
  if (items !== null) return found(items, { kind: 'items', named: 'name' });
  const named = read(ITEMS_NAMED);
  if (named !== null) return found(named, { kind: 'items', named: named[1] ?? '' });
  const having = read(ITEMS_WITH);
  if (having !== null)
    return found(having, { kind: 'itemsWith', field: having[1] ?? '', value: having[2] ?? '' });
  const keys = read(KEYS);
  return keys === null ? undefined : found(keys, { kind: 'keys' });
}
