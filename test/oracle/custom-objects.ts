import type { Random } from '../fuzz/random.ts';
import type { CustomField, CustomKind } from './custom-kinds.ts';
import type { Some } from './images.ts';
import { metadataOf, podSpecOf, type Fields } from './objects.ts';

/** The value of a field of a custom resource. */
export interface Placement {
  readonly field: CustomField;
  /** The text of the image. In a `PodSpec` it is the image of the container. */
  readonly image: unknown;
}

/** The fields of a kind that an object uses: at least one, each at most once. */
export function drawFields(random: Random, { fields }: CustomKind): Some<CustomField> {
  const start = random.below(fields.length);
  const count = 1 + random.below(Math.min(3, fields.length));
  const drawn = Array.from(
    { length: count },
    (_, index) => fields[(start + index) % fields.length] ?? fields[0],
  );
  // If a table lists a field twice, both values would be in the same place.
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

/** Removes fields at random, because custom resources often omit fields. */
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

/** The value to which a step leads. It is created if it is missing. Each use of a list appends a new item. */
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
