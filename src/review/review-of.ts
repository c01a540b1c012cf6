import { quote } from '../image/quote.ts';
import { isObject, type Fields } from '../document/json.ts';
import type { Policy } from '../policy/policy.ts';
import type { Review } from '../policy/review.ts';
import { findKind, groupOf, type KnownKind } from '../workload/kinds.ts';

/** An object without an admission request: from a manifest, or from the storage of a cluster. */
interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: Fields;
  /** Namespace of the object if it names none. @default unknown */
  readonly namespace?: string | undefined;
}

/** Longest shown name of an object, in characters. */
const NAME_CHARACTERS = 253;

/**
 * The review of an object as if it were created now. Its user is unknown, so rules that match on users apply. Its
 * namespace is `''` if the kind has none, and unknown if the object names none and no default is given.
 */
export function reviewOfObject(
  { apiVersion, kind, object, namespace }: StoredObject,
  { kinds }: Pick<Policy, 'kinds'>,
): Review {
  const group = groupOf(apiVersion);
  const version = group === '' ? apiVersion : apiVersion.slice(group.length + 1);
  const workload = findKind(kinds, group, kind);
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const known = {
    operation: 'CREATE',
    subresource: '',
    user: undefined,
    namespace: namespaceOf(workload, metadata['namespace'], namespace),
  } as const;
  const name = [metadata['name'], metadata['generateName']].find(isNotEmpty);
  return {
    ...known,
    uid: undefined,
    dryRun: undefined,
    resource: workload?.resource,
    object: name !== undefined ? `${quote(kind)} ${quote(name, NAME_CHARACTERS)}` : quote(kind),
    subject: {
      kind: 'unread',
      reviewed: {
        ...known,
        // The API server removes the namespace of a cluster-scoped object, and fills in one that is null or empty.
        namespace: isLeftOut(metadata['namespace']) ? undefined : known.namespace || undefined,
        group,
        version,
        kind,
        object,
        oldObject: undefined,
      },
    },
  };
}

/**
 * Cluster-scoped objects have no namespace, even with a default. If the scope is unknown, so is the namespace. An
 * empty namespace counts as none, as in kubectl.
 */
function namespaceOf(
  kind: KnownKind | undefined,
  own: unknown,
  fallback: string | undefined,
): string | undefined {
  if (kind?.origin === 'custom' && kind.scope === 'Cluster') return '';
  if (kind?.origin === 'custom' && kind.scope === '*') return undefined;
  return isNotEmpty(own) ? own : fallback;
}

function isNotEmpty(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whether a field has a value that the API server leaves out. */
function isLeftOut(value: unknown): boolean {
  return value === '' || value === null;
}

/**
 * The review of an image without an object. Its namespace, user and other attributes are unknown, so every rule that
 * selects the image applies.
 */
export function reviewOfImage(image: string): Review {
  const use = { location: undefined, usage: undefined, container: undefined, image };
  return {
    uid: undefined,
    operation: undefined,
    dryRun: undefined,
    user: undefined,
    namespace: undefined,
    resource: undefined,
    subresource: undefined,
    object: undefined,
    subject: {
      kind: 'images',
      changed: [use],
      kept: [],
      placeholders: [],
      template: false,
      mirrorPod: false,
    },
  };
}
