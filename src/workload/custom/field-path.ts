/** One step from a value to the values in it. */
export type Step =
  | { readonly kind: 'key'; readonly key: string }
  /** Each item of a list. The field `named` contains the name of an item. The name identifies the item if the order changes. */
  | { readonly kind: 'items'; readonly named: string }
  /** The items of a list whose field `field` has this value. */
  | { readonly kind: 'itemsWith'; readonly field: string; readonly value: string }
  /** Each value of a map. Its key is its name. */
  | { readonly kind: 'values' }
  /** Each key of a map. The keys are the images. */
  | { readonly kind: 'keys' };

/** A path with wildcards. It can select any number of values of a custom resource. */
export interface FieldPath {
  readonly text: string;
  readonly steps: readonly Step[];
}

/** A text that is not a path. */
export class FieldPathError extends Error {
  override readonly name = 'FieldPathError';
}

const MAX_CHARACTERS = 512;
const MAX_STEPS = 32;

// Each matches one step. The first key has no dot before it. A key that is not a word is quoted: ["example.com/image"].
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
 * @throws {FieldPathError} with the position of the first character that cannot be read.
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
      throw new FieldPathError(`${JSON.stringify(text)} continues after {keys}, which must be the last step`);
    steps.push(read.step);
    position = read.end;
  }
  if (steps.length > MAX_STEPS) throw new FieldPathError(`a path has at most ${MAX_STEPS} steps`);
  return { text, steps };
}

function readStep(text: string, position: number): { readonly step: Step; readonly end: number } | undefined {
  // A dot separates two steps, so there is none before the first.
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
