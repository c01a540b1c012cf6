import { isDeepStrictEqual } from 'node:util';
import { quote } from '../image/quote.ts';
import type { ImageUse } from '../image/use.ts';
import { objection, type Objection } from '../language/objection.ts';
import { compareImages } from './image-list.ts';
import { isObject, valueAt, type Fields } from '../document/json.ts';
import { rootsOf } from './custom/custom-kind.ts';
import type { ImageList } from './image-list.ts';
import { findImages } from './images.ts';
import {
  findKind,
  findWorkloadKind,
  isImageless,
  isListOfKind,
  type KindTable,
  type KnownKind,
} from './kinds.ts';
import type { ReviewedObject } from './reviewed-object.ts';
import type { SubjectErrorCode, UnreadableObject } from './image-list.ts';

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
  | UnreadableObject
  /** An operation, a subresource or a kind that carries no image. */
  | { readonly kind: 'imageless' }
  /** A kind that nobody told us about: its pods are judged when they come. */
  | { readonly kind: 'unknown'; readonly name: string };

/** An object as its protocol carries it: whoever knows the kinds reads it. */
export interface UnreadObject {
  readonly kind: 'unread';
  readonly reviewed: ReviewedObject;
}

/** Reads what an object is about, by its kind as the API server names it and by the kinds that a policy knows. */
export function readSubject(reviewed: ReviewedObject, kinds: KindTable): Subject {
  const { operation, group, kind, subresource } = reviewed;
  if (operation === 'DELETE' || operation === 'CONNECT' || subresource === 'status')
    return { kind: 'imageless' };
  const known = findKind(kinds, group, kind);
  if (known !== undefined) return readKnown(known, reviewed);
  if (subresource !== '' && isImageless(kind)) return { kind: 'imageless' };
  if (isListOfKind(kinds, group, kind)) return unsupportedList(kind);
  return { kind: 'unknown', name: quote(group === '' ? kind : `${kind}.${group}`) };
}

function readKnown(known: KnownKind, reviewed: ReviewedObject): Subject {
  const { object } = reviewed;
  if (!isObject(object)) return refuse('object', objection('MALFORMED_OBJECT.missing-object'));
  const forged = findForgery(reviewed, object);
  if (forged !== undefined) return forged;
  const images = findImages(known, object);
  if (images.kind === 'unreadable') return keepsImages(known, reviewed) ? { kind: 'imageless' } : images;
  const old = reviewed.operation === 'UPDATE' ? readOldImages(known, reviewed.oldObject) : undefined;
  const change = old === undefined ? { changed: images.uses, kept: NONE } : compareImages(images, old);
  // Names that two items share tell nothing of which is which; where nothing is changed nobody needs to know.
  const keeps = change.changed.length > 0 && keepsImages(known, reviewed);
  const { changed, kept } = keeps ? { changed: NONE, kept: images.uses } : change;
  return {
    kind: 'images',
    changed,
    kept,
    placeholders: images.placeholders,
    template: known.template,
    mirrorPod: known === POD && reviewed.operation === 'CREATE' && isMirrorPod(object, reviewed),
  };
}

const NONE: readonly never[] = [];

const POD = findWorkloadKind('', 'Pod');

/**
 * Whether an update leaves as they were the parts in which images stand. What nobody can read may have been there
 * before the gate was, and must still be able to lose its finalizers.
 */
function keepsImages(known: KnownKind, { operation, object, oldObject }: ReviewedObject): boolean {
  if (operation !== 'UPDATE') return false;
  if (known.origin === 'custom')
    return rootsOf(known).every((key) => isSame(valueAt(object, [key]), valueAt(oldObject, [key])));
  const podSpec = valueAt(object, known.podSpec);
  return isObject(podSpec) && isSame(podSpec, valueAt(oldObject, known.podSpec));
}

/** What nests deeper than the stack is never the same (F03). */
function isSame(one: unknown, other: unknown): boolean {
  try {
    return isDeepStrictEqual(one, other);
  } catch {
    return false;
  }
}

/** An old object that cannot be read held nothing, so that everything counts as changed. */
function readOldImages(known: KnownKind, oldObject: unknown): ImageList | undefined {
  if (!isObject(oldObject)) return undefined;
  const images = findImages(known, oldObject);
  return images.kind === 'list' ? images : undefined;
}

/** The API server's account of the object wins; an object that tells another story is refused (A35, A36). */
function findForgery(reviewed: ReviewedObject, object: Fields): UnreadableObject | undefined {
  const apiVersion = reviewed.group === '' ? reviewed.version : `${reviewed.group}/${reviewed.version}`;
  if (object['kind'] !== reviewed.kind || object['apiVersion'] !== apiVersion) {
    const names = { version: quote(apiVersion), kind: quote(reviewed.kind) };
    return refuse('object.kind', objection('MALFORMED_OBJECT.other-kind', names));
  }
  const metadata = object['metadata'];
  const namespace = isObject(metadata) ? metadata['namespace'] : undefined;
  if (reviewed.namespace !== undefined && namespace !== undefined && namespace !== reviewed.namespace) {
    return refuse('object.metadata.namespace', objection('MALFORMED_OBJECT.other-namespace'));
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

function unsupportedList(kind: string): UnreadableObject {
  return refuse('object', objection('UNSUPPORTED_KIND.list', { kind: quote(kind) }));
}

function refuse(field: string, wrong: Objection<SubjectErrorCode>): UnreadableObject {
  return { kind: 'unreadable', field, ...wrong };
}
