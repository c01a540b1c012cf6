import { isDeepStrictEqual } from 'node:util';
import { quote } from '../image/quote.ts';
import type { ImageUse } from '../image/use.ts';
import { findChange } from './change.ts';
import { isObject, type Fields } from './fields.ts';
import { findImages } from './images.ts';
import { findKind, isImageless, isListOfKind, type KindTable, type WorkloadKind } from './kinds.ts';
import type { ReviewedObject } from './reviewed-object.ts';
import type { Unreadable } from './unreadable.ts';

/** Images to judge. */
export interface Images {
  readonly kind: 'images';
  /** New or changed at their place: judged. */
  readonly changed: readonly ImageUse[];
  /** At the same place in the old object: what they violate is told, never refused. */
  readonly kept: readonly ImageUse[];
  /** Places that some controller fills in later. */
  readonly placeholders: readonly ImageUse[];
  /** A pod template, whose pods will be judged again; else a pod. */
  readonly template: boolean;
  /** A node's own account of a static pod that it already runs. */
  readonly mirrorPod: boolean;
}

/** What a review is about, once its object has been read. */
export type Subject =
  | Images
  | Unreadable
  /** An operation, a subresource or a kind that carries no image. */
  | { readonly kind: 'imageless' }
  /** A kind that nobody told us about: its pods are judged when they come. */
  | { readonly kind: 'unknown'; readonly name: string };

/** An object as its protocol carries it: whoever knows the kinds reads it. */
export interface Unread {
  readonly kind: 'unread';
  readonly reviewed: ReviewedObject;
}

/** Reads what an object is about, by its kind as the API server names it and by the kinds that a policy knows. */
export function readSubject(reviewed: ReviewedObject, kinds: KindTable): Subject {
  const { operation, group, kind, subresource } = reviewed;
  if (operation === 'DELETE' || operation === 'CONNECT' || subresource === 'status')
    return { kind: 'imageless' };
  const workload = findKind(kinds, group, kind);
  if (workload !== undefined) return readWorkload(workload, reviewed);
  if (subresource !== '' && isImageless(kind)) return { kind: 'imageless' };
  if (isListOfKind(kinds, group, kind)) return unsupportedList(kind);
  return { kind: 'unknown', name: quote(group === '' ? kind : `${kind}.${group}`) };
}

function readWorkload(workload: WorkloadKind, reviewed: ReviewedObject): Subject {
  const { object } = reviewed;
  if (!isObject(object)) return malformed('object', 'the object is missing');
  const forged = findForgery(reviewed, object);
  if (forged !== undefined) return forged;
  const images = findImages(workload, object);
  if (images.kind === 'unreadable') return keepsPodSpec(workload, reviewed) ? { kind: 'imageless' } : images;
  const old = reviewed.operation === 'UPDATE' ? readOldImages(workload, reviewed.oldObject) : [];
  return {
    kind: 'images',
    ...findChange(images.uses, old),
    placeholders: images.placeholders,
    template: workload.template,
    mirrorPod: workload.kind === 'Pod' && reviewed.operation === 'CREATE' && isMirrorPod(object, reviewed),
  };
}

/**
 * Whether an update leaves the pod spec as it was. What nobody can read may have been there before the gate was, and
 * must still be able to lose its finalizers.
 */
function keepsPodSpec({ podSpec }: WorkloadKind, { operation, object, oldObject }: ReviewedObject): boolean {
  if (operation !== 'UPDATE') return false;
  const [spec, oldSpec] = [object, oldObject].map((root) =>
    podSpec.reduce<unknown>((parent, key) => (isObject(parent) ? parent[key] : undefined), root),
  );
  return isObject(spec) && isSame(spec, oldSpec);
}

/** What nests deeper than the stack is never the same (F03). */
function isSame(one: Fields, other: unknown): boolean {
  try {
    return isDeepStrictEqual(one, other);
  } catch {
    return false;
  }
}

/** An old object that cannot be read held nothing, so that everything counts as changed. */
function readOldImages(workload: WorkloadKind, oldObject: unknown): readonly ImageUse[] {
  if (!isObject(oldObject)) return [];
  const images = findImages(workload, oldObject);
  return images.kind === 'list' ? images.uses : [];
}

/** The API server's account of the object wins; an object that tells another story is refused (A35, A36). */
function findForgery(reviewed: ReviewedObject, object: Fields): Unreadable | undefined {
  const apiVersion = reviewed.group === '' ? reviewed.version : `${reviewed.group}/${reviewed.version}`;
  if (object['kind'] !== reviewed.kind || object['apiVersion'] !== apiVersion) {
    return malformed(
      'object.kind',
      `the object is not the ${quote(apiVersion)} ${quote(reviewed.kind)} that the request names`,
    );
  }
  const metadata = object['metadata'];
  const namespace = isObject(metadata) ? metadata['namespace'] : undefined;
  if (reviewed.namespace !== undefined && namespace !== undefined && namespace !== reviewed.namespace) {
    return malformed(
      'object.metadata.namespace',
      'the object is not in the namespace that the request names',
    );
  }
  return undefined;
}

/**
 * Any user may set the annotation, so it counts only when the node that shall run the pod says so itself (A21).
 * @see https://kubernetes.io/docs/reference/access-authn-authz/node/
 */
function isMirrorPod(pod: Fields, { user }: ReviewedObject): boolean {
  const { metadata, spec } = pod;
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  if (!isObject(annotations) || typeof annotations['kubernetes.io/config.mirror'] !== 'string') return false;
  if (user === undefined || !user.groups.includes('system:nodes')) return false;
  const nodeName = isObject(spec) ? spec['nodeName'] : undefined;
  return typeof nodeName === 'string' && nodeName !== '' && user.username === `system:node:${nodeName}`;
}

function unsupportedList(kind: string): Unreadable {
  const reason = `${quote(kind)} is a list of objects, which the API server never reviews`;
  return {
    kind: 'unreadable',
    code: 'UNSUPPORTED_KIND',
    field: 'object',
    reason,
    remedy: 'send each object in a review of its own',
  };
}

function malformed(field: string, reason: string): Unreadable {
  return {
    kind: 'unreadable',
    code: 'MALFORMED_OBJECT',
    field,
    reason,
    remedy: 'send the object as its kind defines it',
  };
}
