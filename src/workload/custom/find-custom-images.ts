import { quote } from '../../image/quote.ts';
import type { ImageUse, Usage } from '../../image/use.ts';
import { isObject, type Fields } from '../fields.ts';
import { addUse, tooDeep, tooMany, unreadable, type Found, type ImageList } from '../image-list.ts';
import { readPodSpec } from '../pod-spec.ts';
import type { Unreadable } from '../unreadable.ts';
import type { CustomKind, ImageSource } from './custom-kind.ts';
import type { FieldPath, Step } from './field-path.ts';

/** Items of lists and maps that are looked at in one object: more than etcd's 1.5 MiB hold of any real one. */
export const MAX_ITEMS = 50_000;

/** Parts within parts of their own kind, such as a Tekton pipeline in a pipeline. */
export const MAX_NESTING = 8;

/** A key longer than this is no label, no name and no image. */
const KEY_CHARACTERS = 300;

/** A value on the way to an image. */
interface Spot {
  readonly value: unknown;
  /** For people: `spec.steps[0]`. */
  readonly field: string;
  /** Whatever the order: `.spec.steps["build"]`. */
  readonly place: string;
  /** Of the nearest item that has one. */
  readonly name: string | undefined;
  /** What a map holds at the key that `value` is. */
  readonly beside: unknown;
}

interface Search {
  readonly found: Found;
  readonly places: Map<ImageUse, string>;
  items: number;
}

type Visit = (spot: Spot) => Unreadable | undefined;

/** Reads every image of a custom resource: what is missing is fine, what has another form than its kind is refused (A14). */
export function findCustomImages(kind: CustomKind, object: Fields): ImageList | Unreadable {
  const found: Found = { template: kind.template, isCustom: true, uses: [], placeholders: [] };
  const search: Search = { found, places: new Map(), items: 0 };
  const root: Spot = { value: object, field: '', place: '', name: undefined, beside: undefined };
  const problem = readSources(search, kind.sources, root, 0);
  if (problem !== undefined) return problem;
  return {
    kind: 'list',
    uses: found.uses,
    placeholders: found.placeholders,
    placeOf: (use) => search.places.get(use) ?? '',
  };
}

function readSources(
  search: Search,
  sources: readonly ImageSource[],
  from: Spot,
  nesting: number,
): Unreadable | undefined {
  if (nesting > MAX_NESTING) return tooDeep(from.field, MAX_NESTING);
  for (const source of sources) {
    const problem = follow(search, source.at, 0, from, (spot) => readSource(search, source, spot, nesting));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function readSource(
  search: Search,
  source: ImageSource,
  spot: Spot,
  nesting: number,
): Unreadable | undefined {
  switch (source.kind) {
    case 'podSpec':
      return readPodSpecAt(search, spot);
    case 'image':
      return source.tags === undefined
        ? readImage(search, source.usage, spot)
        : readTags(search, source.usage, source.tags, spot);
    case 'within':
      return isMissing(spot.value) ? undefined : readSources(search, source.sources(), spot, nesting + 1);
  }
}

function readPodSpecAt({ found, places }: Search, spot: Spot): Unreadable | undefined {
  if (isMissing(spot.value)) return undefined;
  if (!isObject(spot.value)) return unreadable(spot.field, 'no-object');
  const before = found.uses.length;
  const problem = readPodSpec(found, spot.value, spot.field === '' ? '' : `${spot.field}.`, undefined);
  for (const use of found.uses.slice(before)) {
    // An item of a list without a name is known by its number, which ends its field.
    const name =
      use.container === undefined ? use.field?.slice(spot.field.length) : JSON.stringify(use.container);
    places.set(use, `${spot.place}/${use.usage}/${name}`);
  }
  return problem;
}

function readImage(search: Search, usage: Usage, spot: Spot): Unreadable | undefined {
  return readText(search, usage, spot, spot.value);
}

/** A repository whose tags stand in a list beside it; without any it is pulled by its default. */
function readTags(search: Search, usage: Usage, tags: FieldPath, spot: Spot): Unreadable | undefined {
  const before = search.found.uses.length;
  const problem = follow(search, tags, 0, { ...spot, value: spot.beside }, (tag) =>
    typeof tag.value === 'string'
      ? readText(search, usage, tag, `${String(spot.value)}:${tag.value}`)
      : unreadable(tag.field, 'no-string'),
  );
  return problem ?? (search.found.uses.length === before ? readImage(search, usage, spot) : undefined);
}

function readText(
  { found, places }: Search,
  usage: Usage,
  spot: Spot,
  text: unknown,
): Unreadable | undefined {
  const before = found.uses.length;
  const problem = addUse(found, spot.field, usage, spot.name, text);
  const use = found.uses[before];
  if (use !== undefined) places.set(use, `${spot.place}/${usage}`);
  return problem;
}

/** Visits every value at a path. */
function follow(
  search: Search,
  path: FieldPath,
  index: number,
  spot: Spot,
  visit: Visit,
): Unreadable | undefined {
  const step = path.steps[index];
  if (step === undefined) return visit(spot);
  if (isMissing(spot.value)) return undefined;
  const next: Visit = (inner) => follow(search, path, index + 1, inner, visit);
  switch (step.kind) {
    case 'key':
      return followKey(step.key, spot, next);
    case 'items':
    case 'itemsWith':
      return followItems(search, step, spot, next);
    case 'values':
    case 'keys':
      return followEntries(search, step.kind, spot, next);
  }
}

function followKey(key: string, spot: Spot, next: Visit): Unreadable | undefined {
  if (!isObject(spot.value)) return unreadable(spot.field, 'no-object');
  // What every object inherits is no field of this one.
  const value = Object.hasOwn(spot.value, key) ? spot.value[key] : undefined;
  const field = `${spot.field}${renderKey(key, spot.field === '')}`;
  return next({ ...spot, value, field, place: `${spot.place}.${key}` });
}

function followItems(
  search: Search,
  step: Extract<Step, { kind: 'items' | 'itemsWith' }>,
  spot: Spot,
  next: Visit,
): Unreadable | undefined {
  if (!Array.isArray(spot.value)) return unreadable(spot.field, 'no-list');
  const items: readonly unknown[] = spot.value;
  for (let index = 0; index < items.length; index += 1) {
    const value = items[index];
    const field = `${spot.field}[${index}]`;
    if ((search.items += 1) > MAX_ITEMS) return tooMany(field, search.items);
    if (isMissing(value)) return unreadable(field, 'null');
    if (step.kind === 'itemsWith' && !(isObject(value) && value[step.field] === step.value)) continue;
    const named = isObject(value) ? value[step.kind === 'items' ? step.named : step.field] : undefined;
    const name = typeof named === 'string' && named !== '' ? named : undefined;
    const place = `${spot.place}[${name === undefined ? index : JSON.stringify(name)}]`;
    const problem = next({ ...spot, value, field, place, name: name ?? spot.name });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function followEntries(
  search: Search,
  which: 'values' | 'keys',
  spot: Spot,
  next: Visit,
): Unreadable | undefined {
  if (!isObject(spot.value)) return unreadable(spot.field, 'no-object');
  for (const [key, inner] of Object.entries(spot.value)) {
    const field = `${spot.field}${renderKey(key, spot.field === '')}`;
    if ((search.items += 1) > MAX_ITEMS) return tooMany(field, search.items);
    const place = `${spot.place}{${JSON.stringify(key)}}`;
    const reached = which === 'keys' ? { value: key, beside: inner } : { value: inner, beside: undefined };
    const problem = next({ ...reached, field, place, name: which === 'keys' ? spot.name : key });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isMissing(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** A key as it stands in a path; one that is no word, which may be anybody's text, is quoted and bounded. */
function renderKey(key: string, isFirst: boolean): string {
  if (/^[\w-]{1,63}$/.test(key)) return isFirst ? key : `.${key}`;
  return `[${JSON.stringify(quote(key, KEY_CHARACTERS))}]`;
}
