import { isObject, type Fields } from '../../src/document/json.ts';
import { findWorkloadKind, groupOf } from '../../src/workload/kinds.ts';
import { NAMESPACE, pod, type KubernetesObject } from './pods.ts';

/** A request to the API server, in the form that admission receives. */
export interface Request {
  readonly object: unknown;
  readonly oldObject?: unknown;
  /** @default 'UPDATE' with an `oldObject`, otherwise 'CREATE' */
  readonly operation?: string;
  readonly subResource?: string;
  readonly namespace?: string;
  readonly userInfo?: Fields;
  readonly dryRun?: boolean;
  /** The kind of the object in the request. @default the kind in the object */
  readonly kind?: Readonly<Record<'group' | 'version' | 'kind', string>>;
}

/** An ordinary user. */
export const ALICE = { username: 'alice', groups: ['developers', 'system:authenticated'] } as const;

export const UID = '705ab4f5-6393-11e8-b7cc-42010a800002';

type ReviewVersion = 'v1' | 'v1beta1';

/** The `AdmissionReview` of a request. */
export function admissionReviewOf(request: Request, version: ReviewVersion = 'v1'): Fields {
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: admissionRequestOf(request),
  };
}

/** The `AdmissionReview` of a good pod, with parts of its request or of its envelope replaced. */
export function crafted(request: Fields, envelope: Fields = {}): Fields {
  const review = admissionReviewOf({ object: pod() });
  return { ...review, request: { ...(review['request'] as Fields), ...request }, ...envelope };
}

/** The `request` of an `AdmissionReview`. */
export function admissionRequestOf(request: Request): Fields {
  const { object, oldObject = null, subResource, dryRun = false, userInfo = ALICE } = request;
  const kind = request.kind ?? kindOf(object ?? oldObject);
  const resource = findWorkloadKind(kind.group, kind.kind)?.resource.split('.')[0];
  const metadata = isObject(object) && isObject(object['metadata']) ? object['metadata'] : {};
  return {
    uid: UID,
    kind,
    resource: {
      group: kind.group,
      version: kind.version,
      resource: resource ?? `${kind.kind.toLowerCase()}s`,
    },
    ...(subResource !== undefined && { subResource }),
    ...(typeof metadata['name'] === 'string' && { name: metadata['name'] }),
    namespace: request.namespace ?? NAMESPACE,
    operation: request.operation ?? (oldObject === null ? 'CREATE' : 'UPDATE'),
    userInfo,
    object,
    oldObject,
    dryRun,
    options: null,
  };
}

/** The kind that an object declares. */
export function kindOf(object: unknown): Readonly<Record<'group' | 'version' | 'kind', string>> {
  const { apiVersion, kind } = object as KubernetesObject;
  const group = groupOf(apiVersion);
  return { group, version: group === '' ? apiVersion : apiVersion.slice(group.length + 1), kind };
}

/** An `ImageReview` of these images. Like its real client, it leaves out an empty list and an empty image. */
export function imageReviewOfImages(images: readonly unknown[], namespace: string = NAMESPACE): Fields {
  return {
    kind: 'ImageReview',
    apiVersion: 'imagepolicy.k8s.io/v1alpha1',
    metadata: { creationTimestamp: null },
    spec: {
      ...(images.length > 0 && { containers: images.map((image) => (image === '' ? {} : { image })) }),
      namespace,
    },
    status: { allowed: false },
  };
}

/**
 * The `ImageReview` that Kubernetes 1.27.3 and later makes from a request. `undefined` if the `ImagePolicyWebhook`
 * plugin does not send one.
 */
export function imageReviewOf(request: Request): Fields | undefined {
  const { object, oldObject, subResource = '', namespace = NAMESPACE } = request;
  const operation = request.operation ?? (oldObject === undefined ? 'CREATE' : 'UPDATE');
  if (operation !== 'CREATE' && operation !== 'UPDATE') return undefined;
  const { group, kind } = request.kind ?? kindOf(object);
  if (group !== '' || kind !== 'Pod' || !isObject(object)) return undefined;
  const spec = isObject(object['spec']) ? object['spec'] : {};
  if (subResource === 'ephemeralcontainers') {
    return imageReviewOfImages(imagesOf(spec['ephemeralContainers']), namespace);
  }
  if (subResource !== '') return undefined;
  return imageReviewOfImages(
    [...imagesOf(spec['containers']), ...imagesOf(spec['initContainers'])],
    namespace,
  );
}

function imagesOf(list: unknown): unknown[] {
  return Array.isArray(list)
    ? list.map((container: unknown) => isObject(container) && container['image'])
    : [];
}
