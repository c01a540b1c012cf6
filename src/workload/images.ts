import { quote } from '../image/quote.ts';
import type { ImageUse, Usage } from '../image/use.ts';
import { isObject, type Fields } from './fields.ts';
import type { WorkloadKind } from './kinds.ts';
import type { Unreadable } from './unreadable.ts';

/** Most images that one object may hold: far above any real pod, far below what would cost time (F19). */
export const MAX_IMAGES = 500;

/** The images of one object, in the order in which a person reads them. */
export interface ImageList {
  readonly kind: 'list';
  readonly uses: readonly ImageUse[];
  /** Places of a template that some controller fills in later. */
  readonly placeholders: readonly ImageUse[];
}

const CONTAINER_LISTS: readonly (readonly [list: string, usage: Usage])[] = [
  ['containers', 'container'],
  ['initContainers', 'initContainer'],
  ['ephemeralContainers', 'ephemeralContainer'],
];

/** Reads every image of an object of a kind that we cover; what cannot be read is said, never skipped. */
export function findImages(workload: WorkloadKind, object: object): ImageList | Unreadable {
  let parent: unknown = object;
  let path = '';
  for (const key of workload.podSpec) {
    path = path === '' ? key : `${path}.${key}`;
    parent = isObject(parent) ? parent[key] : undefined;
    if (!isObject(parent)) return unreadable(path, 'is not an object');
  }
  if (!isObject(parent)) return unreadable(path, 'is not an object');
  return readPodSpec(workload, parent, path === '' ? '' : `${path}.`);
}

function readPodSpec(workload: WorkloadKind, podSpec: Fields, prefix: string): ImageList | Unreadable {
  const found: Found = { workload, uses: [], placeholders: [] };
  for (const [list, usage] of CONTAINER_LISTS) {
    const problem = readContainers(found, podSpec[list], prefix + list, usage, list === workload.required);
    if (problem !== undefined) return problem;
  }
  const problem = readVolumes(found, podSpec['volumes'], `${prefix}volumes`);
  if (problem !== undefined) return problem;
  return { kind: 'list', uses: found.uses, placeholders: found.placeholders };
}

interface Found {
  readonly workload: WorkloadKind;
  readonly uses: ImageUse[];
  readonly placeholders: ImageUse[];
}

function readContainers(
  found: Found,
  list: unknown,
  path: string,
  usage: Usage,
  required: boolean,
): Unreadable | undefined {
  if (list === undefined || list === null) return required ? unreadable(path, 'is missing') : undefined;
  if (!Array.isArray(list)) return unreadable(path, 'is not a list');
  if (required && list.length === 0 && usage === 'container') return unreadable(path, 'is empty');
  if (list.length > MAX_IMAGES) return tooMany(path, list.length);
  for (let index = 0; index < list.length; index += 1) {
    const container: unknown = list[index];
    if (!isObject(container)) return unreadable(`${path}[${index}]`, 'is not an object');
    const problem = addUse(found, `${path}[${index}].image`, usage, container['name'], container['image']);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** `volumes[].image.reference`, KEP-4639: pulled by the kubelet like any other image. */
function readVolumes(found: Found, volumes: unknown, path: string): Unreadable | undefined {
  if (volumes === undefined || volumes === null) return undefined;
  if (!Array.isArray(volumes)) return unreadable(path, 'is not a list');
  for (let index = 0; index < volumes.length; index += 1) {
    const volume: unknown = volumes[index];
    if (!isObject(volume)) return unreadable(`${path}[${index}]`, 'is not an object');
    const image = volume['image'];
    if (image === undefined || image === null) continue;
    if (!isObject(image)) return unreadable(`${path}[${index}].image`, 'is not an object');
    // A template may leave the reference to a controller; a pod may not.
    const reference = image['reference'] ?? (found.workload.template ? '$(reference)' : undefined);
    const problem = addUse(
      found,
      `${path}[${index}].image.reference`,
      'imageVolume',
      volume['name'],
      reference,
    );
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function addUse(
  found: Found,
  field: string,
  usage: Usage,
  name: unknown,
  image: unknown,
): Unreadable | undefined {
  if (typeof image !== 'string')
    return unreadable(field, image === undefined ? 'is missing' : 'is not a string');
  if (image === '') return unreadable(field, 'is empty');
  const count = found.uses.length + found.placeholders.length;
  if (count >= MAX_IMAGES) return tooMany(field, count + 1);
  const use: ImageUse = { field, usage, container: typeof name === 'string' ? name : undefined, image };
  if (found.workload.template && isPlaceholder(image)) found.placeholders.push(use);
  else found.uses.push(use);
  return undefined;
}

/** Text that only a template may hold: Istio's `auto`, OpenShift's blank, Tekton's and Argo's variables. */
function isPlaceholder(image: string): boolean {
  return image === 'auto' || image === ' ' || image.includes('$(') || image.includes('{{');
}

function unreadable(field: string, what: string): Unreadable {
  return {
    kind: 'unreadable',
    code: 'MALFORMED_OBJECT',
    field,
    reason: `${quote(field, 128)} ${what}`,
    remedy: 'give the object the shape that its kind has',
  };
}

function tooMany(field: string, count: number): Unreadable {
  return {
    kind: 'unreadable',
    code: 'TOO_MANY_IMAGES',
    field,
    reason: `${field} makes ${count} images or more, and ${MAX_IMAGES} are the most that are judged`,
    remedy: `use at most ${MAX_IMAGES} images in one object`,
  };
}
