import { isObject, type Fields, type Path } from '../../document/json.ts';
import { fieldOf, renderPath, type ImageLocation, type ImageUse, type Usage } from '../../image/use.ts';
import { addUse, tooDeep, tooMany, misshapen, type ImageCollector, type ImageList } from '../image-list.ts';
import { readPodSpec } from '../pod-spec.ts';
import type { UnreadableObject } from '../image-list.ts';
import { joinTag } from '../write-image.ts';
import type { CustomKind, ImageSource } from './custom-kind.ts';
import type { FieldPath, Step } from './field-path.ts';
import { identityOf, isKey, nameOf, pathOf, rootSpot, type Spot } from './spot.ts';

/** Maximum number of items of lists and maps that are read in one object. No real object within etcd's 1.5 MiB has more. */
export const MAX_ITEMS = 50_000;

/** Maximum number of levels of nested parts, such as a Tekton pipeline in a pipeline. */
export const MAX_NESTING = 8;

/** Maximum number of characters of a tag or digest that identifies its image. If it is longer, its place does. */
const MAX_TAG = 253;

/** Maximum number of characters of a registry with a repository. */
const MAX_REPOSITORY = 1024;

interface Search {
  readonly found: ImageCollector;
  readonly identities: Map<ImageUse, string>;
  items: number;
}

type Visit = (spot: Spot) => UnreadableObject | undefined;

/** Reads each image of a custom resource. A field may be missing. A value of the wrong type refuses the object (A14). */
export function findCustomImages(kind: CustomKind, object: Fields): ImageList | UnreadableObject {
  const found: ImageCollector = { template: kind.template, isCustom: true, uses: [], placeholders: [] };
  const search: Search = { found, identities: new Map(), items: 0 };
  const problem = readSources(search, kind.sources, rootSpot(object), 0);
  if (problem !== undefined) return problem;
  return {
    kind: 'list',
    uses: found.uses.filter(isFirst()),
    placeholders: found.placeholders.filter(isFirst()),
    identify: (use) => search.identities.get(use) ?? '',
  };
}

/** If two paths of a kind select the same image, it is added once. Otherwise `compareImages` would count it as changed. */
function isFirst(): (use: ImageUse) => boolean {
  const seen = new Map<string, Path[]>();
  return (use) => {
    const text = `${use.usage} ${fieldOf(use)} ${use.image}`;
    const path = use.location?.path ?? [];
    const paths = seen.get(text);
    if (paths === undefined) seen.set(text, [path]);
    // `fieldOf` cuts long keys, so two paths may have one text.
    else if (paths.some((other) => isSamePath(path, other))) return false;
    else paths.push(path);
    return true;
  };
}

function isSamePath(one: Path, other: Path): boolean {
  return one.length === other.length && one.every((key, index) => key === other[index]);
}

function readSources(
  search: Search,
  sources: readonly ImageSource[],
  from: Spot,
  nesting: number,
): UnreadableObject | undefined {
  if (nesting > MAX_NESTING) return tooDeep(pathOf(from), MAX_NESTING);
  for (const source of sources) {
    const problem = follow(search, source.at, from, (spot) => readSource(search, source, spot, nesting));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function readSource(
  search: Search,
  source: ImageSource,
  spot: Spot,
  nesting: number,
): UnreadableObject | undefined {
  switch (source.kind) {
    case 'podSpec':
      return readPodSpecAt(search, spot);
    case 'image':
      return source.tags === undefined
        ? readImage(search, source.usage, spot)
        : readTags(search, source.usage, source.tags, spot);
    case 'within':
      return isMissing(spot.value) || hasOtherForm(source.form, spot.value)
        ? undefined
        : readSources(search, source.sources(), spot, nesting + 1);
  }
}

/** Whether another source reads the value. No source skips a value that is neither a list nor a map. */
function hasOtherForm(form: 'list' | 'map' | undefined, value: unknown): boolean {
  return form === 'list' ? isObject(value) : form === 'map' && Array.isArray(value);
}

function readPodSpecAt({ found, identities }: Search, spot: Spot): UnreadableObject | undefined {
  if (isMissing(spot.value)) return undefined;
  const path = pathOf(spot);
  if (!isObject(spot.value)) return misshapen(path, 'no-object');
  const before = found.uses.length;
  const problem = readPodSpec(found, spot.value, path, undefined);
  const identity = identityOf(spot);
  for (const use of found.uses.slice(before)) {
    const { location, usage, container } = use;
    // A container without a name has only its index, which is in its path below the pod spec.
    const name =
      container === undefined
        ? renderPath((location?.path ?? []).slice(path.length))
        : JSON.stringify(container);
    identities.set(use, `${identity}/${usage}/${name}`);
  }
  return problem;
}

/** Text that is an image. */
function readImage(search: Search, usage: Usage, spot: Spot): UnreadableObject | undefined {
  if (isMissing(spot.value)) return undefined;
  return readText(
    search,
    usage,
    spot,
    { kind: isKey(spot) ? 'key' : 'value', path: pathOf(spot) },
    spot.value,
  );
}

/**
 * A repository; its tags, or digests in place of tags, are in a list beside it. Without a tag the repository is pulled
 * by its default tag. A tag identifies its image, because a controller may change the order of the list.
 */
function readTags(search: Search, usage: Usage, tags: FieldPath, spot: Spot): UnreadableObject | undefined {
  const repository = String(spot.value);
  // Text that is too long for a repository is not an image, with or without a tag. Add it once, not once for each tag.
  if (repository.length > MAX_REPOSITORY) return readRepository(search, usage, spot);
  const before = search.found.uses.length;
  const problem = follow(search, tags, { ...spot, value: spot.beside }, (spotOfTag) => {
    const tag = spotOfTag.value ?? '';
    const path = pathOf(spotOfTag);
    if (typeof tag !== 'string') return misshapen(path, 'no-string');
    const image = tag === '' ? repository : joinTag(repository, tag);
    const identity =
      tag.length > MAX_TAG ? identityOf(spotOfTag) : `${identityOf(spot)}${JSON.stringify(tag)}`;
    return readText(search, usage, spotOfTag, { kind: 'tag', path, repository }, image, identity);
  });
  return problem ?? (search.found.uses.length === before ? readRepository(search, usage, spot) : undefined);
}

function readRepository(search: Search, usage: Usage, spot: Spot): UnreadableObject | undefined {
  return readText(search, usage, spot, { kind: 'repository', path: pathOf(spot) }, spot.value);
}

function readText(
  { found, identities }: Search,
  usage: Usage,
  spot: Spot,
  location: ImageLocation,
  text: unknown,
  identity = identityOf(spot),
): UnreadableObject | undefined {
  const before = found.uses.length;
  const problem = addUse(found, location, usage, nameOf(spot), text);
  const use = found.uses[before];
  if (use !== undefined) identities.set(use, `${identity}/${usage}`);
  return problem;
}

/** Visits each value at a path, beginning with the step `first`. The value of a missing last key is `undefined`. */
function follow(
  search: Search,
  path: FieldPath,
  from: Spot,
  visit: Visit,
  first = 0,
): UnreadableObject | undefined {
  let spot = from;
  for (let index = first; index < path.steps.length; index += 1) {
    if (isMissing(spot.value)) return undefined;
    const step = path.steps[index];
    if (step?.kind !== 'key') {
      return step && followEach(search, step, spot, (inner) => follow(search, path, inner, visit, index + 1));
    }
    if (!isObject(spot.value)) return misshapen(pathOf(spot), 'no-object');
    const { key } = step;
    // Inherited properties are not fields.
    const value = Object.hasOwn(spot.value, key) ? spot.value[key] : undefined;
    spot = { value, up: spot, kind: 'field', key, index: 0, beside: undefined };
  }
  return visit(spot);
}

function followEach(
  search: Search,
  step: Exclude<Step, { kind: 'key' }>,
  spot: Spot,
  next: Visit,
): UnreadableObject | undefined {
  switch (step.kind) {
    case 'items':
    case 'itemsWith':
      return followItems(search, step, spot, next);
    case 'values':
    case 'keys':
      return followEntries(search, step.kind, spot, next);
  }
}

function followItems(
  search: Search,
  step: Extract<Step, { kind: 'items' | 'itemsWith' }>,
  spot: Spot,
  next: Visit,
): UnreadableObject | undefined {
  if (!Array.isArray(spot.value)) return misshapen(pathOf(spot), 'no-list');
  const items: readonly unknown[] = spot.value;
  for (let index = 0; index < items.length; index += 1) {
    const value = items[index];
    const named = isObject(value) ? value[step.kind === 'items' ? step.named : step.field] : undefined;
    const key = typeof named === 'string' ? named : '';
    const item: Spot = { value, up: spot, kind: 'item', key, index, beside: undefined };
    if ((search.items += 1) > MAX_ITEMS) return tooMany(pathOf(item), search.items);
    if (isMissing(value)) return misshapen(pathOf(item), 'null');
    if (step.kind === 'itemsWith' && !hasText(named, step.value)) continue;
    const problem = next(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Whether a field has the value that a path writes as text. The text `true` means `true` and `"true"`, the text `1` means `1` and `"1"`. */
function hasText(field: unknown, text: string): boolean {
  if (typeof field === 'number') return field === Number(text);
  return (typeof field === 'string' || typeof field === 'boolean') && String(field) === text;
}

function followEntries(
  search: Search,
  which: 'values' | 'keys',
  spot: Spot,
  next: Visit,
): UnreadableObject | undefined {
  if (!isObject(spot.value)) return misshapen(pathOf(spot), 'no-object');
  let index = 0;
  for (const [key, inner] of Object.entries(spot.value)) {
    const reached =
      which === 'keys' ? { value: key, beside: inner ?? null } : { value: inner, beside: undefined };
    const entry: Spot = { ...reached, up: spot, kind: 'entry', key, index };
    if ((search.items += 1) > MAX_ITEMS) return tooMany(pathOf(entry), search.items);
    const problem = next(entry);
    if (problem !== undefined) return problem;
    index += 1;
  }
  return undefined;
}

function isMissing(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}
