import { isObject, type Fields, type Path } from '../document/json.ts';
import { parseImageReference } from '../image/reference.ts';

/** A part of an object of an unknown kind that looks as if it held an image. */
export interface Suspicion {
  /** `podSpec`: lists of containers. `image`: text. `parts`: a repository, and its tag in another field beside it. */
  readonly kind: 'podSpec' | 'image' | 'parts';
  /** From the root of the object. */
  readonly path: Path;
}

/** Maximum number of values that are looked at. Larger objects hold data. */
const MAX_VALUES = 20_000;

/** Maximum depth of a value. */
const MAX_DEPTH = 48;

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const;

/** The parts of a pod spec that have images: the gate reads them if it knows the place of the pod spec. */
const POD_SPEC_KEYS: ReadonlySet<string> = new Set([...CONTAINER_LISTS, 'volumes']);

/** `image`, `images`, `baseImage`, `imageRef`, `sidecarImageName`, and not `imagePullPolicy`. */
const IMAGE_KEY = /^(?:image|[a-z][A-Za-z0-9]*Image)(?:s|Name|Names|Ref|Reference|Uri|URI|Url|URL)?$/;

/** Fields of the root that hold no image that is pulled. */
const NOT_SEARCHED: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status']);

interface Search {
  readonly found: Suspicion[];
  readonly podSpecsOnly: boolean;
  values: number;
}

/**
 * The parts of an object that look like images, in the order of the object. Kinds of Kubernetes itself have other fields
 * called `image`, such as the image of an RBD volume: for them, only pod specs count.
 */
export function findSuspectedImages(object: Fields, podSpecsOnly: boolean): readonly Suspicion[] {
  const search: Search = { found: [], podSpecsOnly, values: 0 };
  for (const [key, value] of Object.entries(object)) {
    if (!NOT_SEARCHED.has(key)) visit(search, value, [key]);
  }
  return search.found;
}

function visit(search: Search, value: unknown, path: Path): void {
  search.values += 1;
  if (search.values > MAX_VALUES || path.length > MAX_DEPTH) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visit(search, item, [...path, index]);
    return;
  }
  const key = nameOf(path);
  if (typeof value === 'string') {
    if (!search.podSpecsOnly && IMAGE_KEY.test(key) && isImageText(value))
      search.found.push({ kind: 'image', path });
    return;
  }
  if (isObject(value)) visitObject(search, value, path, key);
}

function visitObject(search: Search, value: Fields, path: Path, key: string): void {
  const isPodSpec = CONTAINER_LISTS.some((list) => hasImages(value[list]));
  if (isPodSpec) search.found.push({ kind: 'podSpec', path });
  const hasParts = !search.podSpecsOnly && IMAGE_KEY.test(key) && isImageText(value['repository']);
  if (hasParts) search.found.push({ kind: 'parts', path: [...path, 'repository'] });
  for (const [inner, part] of Object.entries(value)) {
    if (!(isPodSpec && POD_SPEC_KEYS.has(inner))) visit(search, part, [...path, inner]);
  }
}

/** The key that names a value: that of its list for an item. */
function nameOf(path: Path): string {
  return path.findLast((key) => typeof key === 'string') ?? '';
}

function hasImages(list: unknown): boolean {
  return Array.isArray(list) && list.some((item) => isObject(item) && typeof item['image'] === 'string');
}

/** Whether a text is an image, or becomes one when its variables are filled in. */
function isImageText(value: unknown): boolean {
  if (typeof value !== 'string' || value === '' || value.length > 512) return false;
  return /\$[({]|\{\{/.test(value) || parseImageReference(value).kind !== 'invalid';
}
