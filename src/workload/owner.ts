import { isObject, type Fields } from '../document/json.ts';

/** The owner that a pod names. The requester can write any text there (A29), so it is only a hint in messages. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
}

const TEMPLATE_HASH = 'pod-template-hash';

/**
 * The controller that a pod names; the Deployment if the controller is a ReplicaSet of a Deployment. It must not influence
 * a verdict.
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
