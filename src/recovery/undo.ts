import { isDeepStrictEqual } from 'node:util';
import { findFile } from '../control-plane/file-plan.ts';
import { writeWhole } from '../control-plane/file-system.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import {
  describeObject,
  type KubernetesObject,
  type ObjectMetadata,
  referenceOf,
} from '../kubernetes/object.ts';
import type { RecordedFile, RecordedObject } from './blocker.ts';
import { RecoveryError } from './errors.ts';

/** Options for undoing a recovery. */
export interface UndoOptions {
  /** Undoes the recovery even if later changes are lost. */
  readonly force: boolean;
  /** Whether this process can change the owner of files. */
  readonly isRoot: boolean;
}

/** Restores one object or file. */
export interface Undo {
  /** The name of the object or the path of the file, for messages. */
  readonly name: string;
  /** Whether the object or file already has the state before the recovery. */
  readonly isDone: boolean;
  readonly perform: () => Promise<void>;
}

/**
 * Prepares the restoring of an object.
 * @throws {RecoveryError} CHANGED_SINCE_RECOVERY if it was changed after the recovery, unless `force` is set.
 */
export async function undoObject(
  client: KubernetesClient,
  { before, after }: RecordedObject,
  { force }: Pick<UndoOptions, 'force'>,
): Promise<Undo> {
  const reference = referenceOf(before);
  const name = describeObject(reference);
  const live = await client.get(reference);
  if (live !== undefined && isSame(live, before))
    return { name, isDone: true, perform: async () => undefined };
  if (!force && !(live === undefined ? after === undefined : after !== undefined && isSame(live, after))) {
    throw new RecoveryError('CHANGED_SINCE_RECOVERY', changedSince(name, live, after));
  }
  return {
    name,
    isDone: false,
    perform: async () => {
      if (live === undefined) await client.create({ ...before, metadata: withoutIdentity(before.metadata) });
      else await client.replace({ ...before, metadata: inPlaceOf(before.metadata, live.metadata) });
    },
  };
}

/**
 * Prepares the restoring of a file.
 * @throws {RecoveryError} CHANGED_SINCE_RECOVERY
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE; `perform` throws NODE_FILE_UNWRITABLE
 */
export async function undoFile(change: RecordedFile, { force, isRoot }: UndoOptions): Promise<Undo> {
  const { path, before, after, mode } = change;
  const found = (await findFile(path))?.content.toString();
  if (found === before) return { name: path, isDone: true, perform: async () => undefined };
  if (!force && found !== after)
    throw new RecoveryError('CHANGED_SINCE_RECOVERY', changedSince(path, found, after));
  return {
    name: path,
    isDone: false,
    perform: () => writeWhole(path, before, { mode, owner: isRoot ? change : undefined }),
  };
}

function changedSince(name: string, now: unknown, after: unknown): string {
  const what =
    now === undefined
      ? 'has been deleted'
      : after === undefined
        ? 'has been created again'
        : 'has been changed';
  return `${name} ${what} since the recovery (compare it with the record; --yes restores it anyway)`;
}

/** Compares only the parts that users can change, without the parts that the API server maintains. */
function isSame(one: KubernetesObject, other: KubernetesObject): boolean {
  return isDeepStrictEqual(contentOf(one), contentOf(other));
}

function contentOf({ metadata, ...content }: KubernetesObject): object {
  const { labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = metadata;
  return { ...content, metadata: { labels, annotations, finalizers, ownerReferences } };
}

/**
 * The API server refuses an old resourceVersion as a conflict. With the present resourceVersion, a change in the
 * meantime is still a conflict.
 */
function inPlaceOf(before: ObjectMetadata, live: ObjectMetadata): ObjectMetadata {
  return {
    ...withoutIdentity(before),
    ...(live.uid !== undefined && { uid: live.uid }),
    ...(live.resourceVersion !== undefined && { resourceVersion: live.resourceVersion }),
  };
}

function withoutIdentity({
  uid: _uid,
  resourceVersion: _version,
  creationTimestamp: _created,
  generation: _generation,
  ...metadata
}: ObjectMetadata): ObjectMetadata {
  return metadata;
}
