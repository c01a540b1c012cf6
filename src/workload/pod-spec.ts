import type { Usage } from '../image/use.ts';
import { isObject, type Fields } from '../document/json.ts';
import { addUse, MAX_IMAGES, tooMany, unreadable, type Found } from './image-list.ts';
import type { Unreadable } from './unreadable.ts';

const CONTAINER_LISTS: readonly (readonly [list: string, usage: Usage])[] = [
  ['containers', 'container'],
  ['initContainers', 'initContainer'],
  ['ephemeralContainers', 'ephemeralContainer'],
];

/** Reads every image of a `PodSpec`. `prefix` is its place with a dot behind it; `required` the list that must be there. */
export function readPodSpec(
  found: Found,
  podSpec: Fields,
  prefix: string,
  required: string | undefined,
): Unreadable | undefined {
  for (const [list, usage] of CONTAINER_LISTS) {
    const problem = readContainers(found, podSpec[list], prefix + list, usage, list === required);
    if (problem !== undefined) return problem;
  }
  return readVolumes(found, podSpec['volumes'], `${prefix}volumes`);
}

function readContainers(
  found: Found,
  list: unknown,
  path: string,
  usage: Usage,
  required: boolean,
): Unreadable | undefined {
  if (list === undefined || list === null) return required ? unreadable(path, 'missing') : undefined;
  if (!Array.isArray(list)) return unreadable(path, 'no-list');
  if (required && list.length === 0 && usage === 'container') return unreadable(path, 'empty');
  if (list.length > MAX_IMAGES) return tooMany(path, list.length);
  for (let index = 0; index < list.length; index += 1) {
    const container: unknown = list[index];
    if (!isObject(container)) return unreadable(`${path}[${index}]`, 'no-object');
    const problem = addUse(found, `${path}[${index}].image`, usage, container['name'], container['image']);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** `volumes[].image.reference`, KEP-4639: pulled by the kubelet like any other image. */
function readVolumes(found: Found, volumes: unknown, path: string): Unreadable | undefined {
  if (volumes === undefined || volumes === null) return undefined;
  if (!Array.isArray(volumes)) return unreadable(path, 'no-list');
  for (let index = 0; index < volumes.length; index += 1) {
    const volume: unknown = volumes[index];
    if (!isObject(volume)) return unreadable(`${path}[${index}]`, 'no-object');
    const image = volume['image'];
    if (image === undefined || image === null) continue;
    if (!isObject(image)) return unreadable(`${path}[${index}].image`, 'no-object');
    // A template may leave the reference to a controller; a pod may not.
    const reference = image['reference'] ?? (found.template ? '$(reference)' : undefined);
    const field = `${path}[${index}].image.reference`;
    const problem = addUse(found, field, 'imageVolume', volume['name'], reference);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
