import { posix } from 'node:path';
import { isObject, type Fields } from '../document/json.ts';

/** The names of the file of a kustomization. */
export const KUSTOMIZATION_FILES: ReadonlySet<string> = new Set(['kustomization.yaml', 'kustomization.yml']);

/** The fields of a kustomization that list patches: paths, or objects with a path. */
const PATCH_LISTS = ['patches', 'patchesStrategicMerge', 'patchesJson6902'] as const;

/**
 * The paths of the patches of a kustomization, as it writes them. A patch has the type of an object and only some of its
 * fields, so that it cannot be judged. Patches in the kustomization itself have no path. A file that is a resource as well is
 * a whole object, and is left out here.
 * @see https://github.com/kubernetes-sigs/kustomize/blob/kustomize/v5.8.0/api/types/kustomization.go
 */
export function patchPathsOf(kustomization: Fields): readonly string[] {
  const pathsIn = (list: string): readonly string[] => {
    const items = kustomization[list];
    return Array.isArray(items) ? items.flatMap(pathOf) : [];
  };
  const resources = new Set(pathsIn('resources').map((path) => posix.normalize(path)));
  return PATCH_LISTS.flatMap(pathsIn).filter((path) => !resources.has(posix.normalize(path)));
}

function pathOf(patch: unknown): readonly string[] {
  const path = isObject(patch) ? patch['path'] : patch;
  // A text of several lines is the patch itself.
  return typeof path === 'string' && path !== '' && !path.includes('\n') ? [path] : [];
}
