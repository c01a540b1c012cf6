import { isObject, type Fields } from '../document/json.ts';

/** Who made a pod, by the pod's own account, which anybody can write (A29): a hint for people, of any text. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
}

const TEMPLATE_HASH = 'pod-template-hash';

/**
 * The controller that a pod names as its own: of a Deployment's ReplicaSet, the Deployment. Nothing may be decided by
 * it.
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label
 */
export function findOwner(object: unknown): Owner | undefined {
  if (!isObject(object) || object['kind'] !== 'Pod' || !isObject(object['metadata'])) return undefined;
  const { ownerReferences, labels } = object['metadata'];
  const owner = Array.isArray(ownerReferences) ? ownerReferences.find(isController) : undefined;
  if (owner === undefined) return undefined;
  const { kind, name } = owner;
  const hash = isObject(labels) ? labels[TEMPLATE_HASH] : undefined;
  const isDeployed =
    kind === 'ReplicaSet' && typeof hash === 'string' && hash !== '' && name.endsWith(`-${hash}`);
  if (!isDeployed || name.length === hash.length + 1) return { kind, name };
  return { kind: 'Deployment', name: name.slice(0, -hash.length - 1) };
}

function isController(reference: unknown): reference is Fields & Owner {
  return (
    isObject(reference) &&
    reference['controller'] === true &&
    typeof reference['kind'] === 'string' &&
    typeof reference['name'] === 'string'
  );
}
