import { isObject, type Fields } from '../document/json.ts';

/** The names of the file of a kustomization. */
export const KUSTOMIZATION_FILES: ReadonlySet<string> = new Set(['kustomization.yaml', 'kustomization.yml']);

/** The fields of a kustomization that list patches: paths, or objects with a path. */
const PATCH_LISTS = ['patches', 'patchesStrategicMerge', 'patchesJson6902'] as const;

/**
 * The paths of the patches of a kustomization, as it writes them. A patch has the type of an object and only some of its
 * fields, so that it cannot be judged. Patches in the kustomization itself have no path.
 * @see https://github.com/kubernetes-sigs/kustomize/blob/kustomize/v5.8.0/api/types/kustomization.go
 */
export function patchPathsOf(kustomization: Fields): readonly string[] {
  return PATCH_LISTS.flatMap((list) => {
    const patches = kustomization[list];
    return Array.isArray(patches) ? patches.flatMap(pathOf) : [];
  });
}

function pathOf(patch: unknown): readonly string[] {
  const path = isObject(patch) ? patch['path'] : patch;
  // A text of several lines is the patch itself.
  return typeof path === 'string' && path !== '' && !path.includes('\n') ? [path] : [];
}
