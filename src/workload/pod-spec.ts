import type { ImageLocation, Usage } from '../image/use.ts';
import { isObject, type Fields, type Path } from '../document/json.ts';
import { addUse, MAX_IMAGES, tooMany, misshapen, type ImageCollector } from './image-list.ts';
import type { UnreadableObject } from './image-list.ts';

const CONTAINER_LISTS: readonly (readonly [list: string, usage: Usage])[] = [
  ['containers', 'container'],
  ['initContainers', 'initContainer'],
  ['ephemeralContainers', 'ephemeralContainer'],
];

/** Reads each image of a `PodSpec`. `at` is its path, `required` the list that must exist. */
export function readPodSpec(
  found: ImageCollector,
  podSpec: Fields,
  at: Path,
  required: string | undefined,
): UnreadableObject | undefined {
  for (const [list, usage] of CONTAINER_LISTS) {
    const problem = readContainers(found, podSpec[list], at, list, usage, list === required);
    if (problem !== undefined) return problem;
  }
  return readVolumes(found, podSpec['volumes'], at);
}

function readContainers(
  found: ImageCollector,
  list: unknown,
  at: Path,
  name: string,
  usage: Usage,
  required: boolean,
): UnreadableObject | undefined {
  // Go writes an empty list as null where the field has no `omitempty`, as in EphemeralContainers.
  const isEmpty = list === undefined || (list === null && usage === 'container');
  if (isEmpty && required) return misshapen([...at, name], 'missing');
  if (list === undefined || list === null) return undefined;
  if (!Array.isArray(list)) return misshapen([...at, name], 'no-list');
  if (required && list.length === 0 && usage === 'container') return misshapen([...at, name], 'empty');
  if (list.length > MAX_IMAGES) return tooMany([...at, name], list.length);
  for (let index = 0; index < list.length; index += 1) {
    const container: unknown = list[index];
    if (!isObject(container)) return misshapen([...at, name, index], 'no-object');
    const location: ImageLocation = { kind: 'value', path: imagePath(at, name, index) };
    const problem = addUse(found, location, usage, container['name'], container['image']);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The path of the image of a container. This is called for each image of a review. For a pod a literal is faster than a spread. */
function imagePath(at: Path, list: string, index: number): Path {
  const [root] = at;
  return root !== undefined && at.length === 1 ? [root, list, index, 'image'] : [...at, list, index, 'image'];
}

/** Reads `volumes[].image.reference` (KEP-4639), which the kubelet pulls like any other image. */
function readVolumes(found: ImageCollector, volumes: unknown, at: Path): UnreadableObject | undefined {
  if (volumes === undefined || volumes === null) return undefined;
  if (!Array.isArray(volumes)) return misshapen([...at, 'volumes'], 'no-list');
  for (let index = 0; index < volumes.length; index += 1) {
    const volume: unknown = volumes[index];
    if (!isObject(volume)) return misshapen([...at, 'volumes', index], 'no-object');
    const image = volume['image'];
    if (image === undefined || image === null) continue;
    if (!isObject(image)) return misshapen([...at, 'volumes', index, 'image'], 'no-object');
    const path = [...at, 'volumes', index, 'image', 'reference'];
    const location: ImageLocation = { kind: 'value', path };
    const problem = addUse(found, location, 'imageVolume', volume['name'], image['reference']);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
