import type { Random } from '../fuzz/random.ts';
import type { CustomField, CustomKind } from './custom-kinds.ts';
import type { Some } from './images.ts';
import { metadataOf, podSpecOf, type Fields } from './objects.ts';

/** What stands at a field of a custom resource. */
export interface Placement {
  readonly field: CustomField;
  /** Text that is an image; in a `PodSpec` it is that of its container. */
  readonly image: unknown;
}

/** The fields of a kind that an object uses: one at least, each once. */
export function drawFields(random: Random, { fields }: CustomKind): Some<CustomField> {
  const start = random.below(fields.length);
  const count = 1 + random.below(Math.min(3, fields.length));
  const drawn = Array.from(
    { length: count },
    (_, index) => fields[(start + index) % fields.length] ?? fields[0],
  );
  // A field that a table names twice would stand twice in one place.
  return [...new Map(drawn.map((field) => [field[0], field])).values()] as unknown as Some<CustomField>;
}

/** A custom resource with images at these places. */
export function customObject(
  random: Random,
  kind: CustomKind,
  placements: readonly Placement[],
  namespace: string,
): Fields {
  const object: Fields = {
    kind: kind.kind,
    apiVersion: kind.apiVersion,
    metadata: metadataOf(random, namespace),
  };
  for (const [index, placement] of placements.entries()) put(random, object, placement, `p${index}`);
  return object;
}

/** A custom resource is seldom whole: many of its fields may be missing. */
export function emptyCustomObject(random: Random, kind: CustomKind, namespace: string): Fields {
  return { ...customObject(random, kind, [], namespace), ...random.pick<Fields>([{}, { spec: {} }]) };
}

function put(random: Random, object: Fields, { field: [path, holds], image }: Placement, name: string): void {
  const steps = path.split('.');
  let parent = object;
  for (const step of steps.slice(0, -1)) parent = enter(parent, step, name);
  const last = steps[steps.length - 1] ?? '';
  const value = holds === 'podSpec' ? podSpecWith(random, image, name) : image;
  if (last.endsWith('{keys}')) mapAt(parent, last.slice(0, -'{keys}'.length))[String(image)] = {};
  else if (last.endsWith('[]')) listAt(parent, last.slice(0, -2)).push(value);
  else parent[last] = value;
}

function podSpecWith(random: Random, image: unknown, name: string): Fields {
  if (typeof image === 'string') return podSpecOf(random, [{ usage: 'container', name, image }]);
  return { containers: [{ name, image }] };
}

/** The part that a step leads to, which is made when it is not there; an item of a list is one of its own. */
function enter(parent: Fields, step: string, name: string): Fields {
  if (step.endsWith('[]')) {
    const item: Fields = { name };
    listAt(parent, step.slice(0, -2)).push(item);
    return item;
  }
  if (step.endsWith('{}')) return mapAt(mapAt(parent, step.slice(0, -2)), `role-${name}`);
  return mapAt(parent, step);
}

function listAt(parent: Fields, key: string): unknown[] {
  return (parent[key] ??= []) as unknown[];
}

function mapAt(parent: Fields, key: string): Fields {
  return (parent[key] ??= {}) as Fields;
}
