import type { ImageUse } from '../image/use.ts';
import { findCustomImages } from './custom/find-custom-images.ts';
import { isObject, type Fields } from '../document/json.ts';
import { misshapen, type ImageCollector, type ImageList } from './image-list.ts';
import type { KnownKind, WorkloadKind } from './kinds.ts';
import { readPodSpec } from './pod-spec.ts';
import type { UnreadableObject } from './image-list.ts';

/** Reads each image of an object of a covered kind. If one cannot be read, the whole object is refused. */
export function findImages(kind: KnownKind, object: Fields): ImageList | UnreadableObject {
  return kind.origin === 'custom' ? findCustomImages(kind, object) : findWorkloadImages(kind, object);
}

function findWorkloadImages(workload: WorkloadKind, object: Fields): ImageList | UnreadableObject {
  let parent: unknown = object;
  const path = workload.podSpec;
  let depth = 0;
  for (const key of path) {
    depth += 1;
    parent = isObject(parent) ? parent[key] : undefined;
    if (!isObject(parent)) return misshapen(path.slice(0, depth), 'no-object');
  }
  if (!isObject(parent)) return misshapen(path, 'no-object');
  const found: ImageCollector = { template: workload.template, isCustom: false, uses: [], placeholders: [] };
  const problem = readPodSpec(found, parent, path, workload.required);
  return problem ?? { kind: 'list', uses: found.uses, placeholders: found.placeholders, identify };
}

/** A pod has each list once. Within a list, containers have different names. */
function identify(use: ImageUse): string {
  return `${use.usage}/${use.container}`;
}
