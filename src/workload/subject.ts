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

/** The images of an object. */
export interface Images {
  readonly kind: 'images';
  /** New images and changed images. They are judged. */
  readonly changed: readonly ImageUse[];
  /** Images that the old object has too. Their violations are reported, and refuse nothing. */
  readonly kept: readonly ImageUse[];
  /** Images that a controller fills in later. */
  readonly placeholders: readonly ImageUse[];
  /** Whether the object is a template. The pods that are created from it are judged again. */
  readonly template: boolean;
  /** Whether the object is a mirror pod: a node reports a static pod that it already runs. */
  readonly mirrorPod: boolean;
}

/** The result of reading the object of a review. */
export type Subject =
  | Images
  | UnreadableObject
  /** An operation, a subresource or a kind without images. */
  | { readonly kind: 'imageless' }
  /** A kind that the policy does not know. If pods are created from it, they are judged. */
  | { readonly kind: 'unknown'; readonly name: string };

/** An object as its protocol carries it. `readSubject` reads it with the kinds of a policy. */
export interface UnreadObject {
  readonly kind: 'unread';
  readonly reviewed: ReviewedObject;
}

/** Reads the images of an object. Its kind is the one that the API server names; `kinds` are those of the policy. */
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
  // If two items have the same name, both count as changed. If the whole part is unchanged, none is.
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
 * Whether an update does not change the parts of the object that have images. An object that cannot be read may be older
 * than the gate. Its other fields must remain editable, for example its finalizers.
 */
function keepsImages(known: KnownKind, { operation, object, oldObject }: ReviewedObject): boolean {
  if (operation !== 'UPDATE') return false;
  if (known.origin === 'custom')
    return rootsOf(known).every((key) => isSame(valueAt(object, [key]), valueAt(oldObject, [key])));
  const podSpec = valueAt(object, known.podSpec);
  return isObject(podSpec) && isSame(podSpec, valueAt(oldObject, known.podSpec));
}

/** Whether two values are equal. Values that nest too deeply to be compared are not (F03). */
function isSame(one: unknown, other: unknown): boolean {
  try {
    return isDeepStrictEqual(one, other);
  } catch {
    return false;
  }
}

/** The images of the old object; `undefined` if it cannot be read. Then each image counts as changed. */
function readOldImages(known: KnownKind, oldObject: unknown): ImageList | undefined {
  if (!isObject(oldObject)) return undefined;
  const images = findImages(known, oldObject);
  return images.kind === 'list' ? images : undefined;
}

/** Refuses an object whose kind or namespace is not the one that the API server names (A35, A36). */
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
 * Whether the object is a mirror pod. Each user can set its annotation, so it counts only in a request of the node that
 * runs the pod (A21).
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
