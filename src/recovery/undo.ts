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
import type { FileChange, ObjectChange } from './blocker.ts';
import { RecoveryError } from './errors.ts';

/** How far an undoing goes. */
export interface UndoOptions {
  /** What somebody else changed since is lost. */
  readonly force: boolean;
  /** Whether files can be given to others. */
  readonly isRoot: boolean;
}

/** Puts one thing back. */
export interface Undo {
  /** What is put back, for people. */
  readonly name: string;
  /** It is as it was before already. */
  readonly isDone: boolean;
  readonly perform: () => Promise<void>;
}

/**
 * How an object is put back as it was before a recovery.
 * @throws {RecoveryError} CHANGED_SINCE_RECOVERY when it is no longer what the recovery left, unless that is no reason to stop.
 */
export async function undoObject(
  client: KubernetesClient,
  { before, after }: ObjectChange,
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
 * How a file is put back as it was before a recovery.
 * @throws {RecoveryError} CHANGED_SINCE_RECOVERY
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE; NODE_FILE_UNWRITABLE when it is performed
 */
export async function undoFile(change: FileChange, { force, isRoot }: UndoOptions): Promise<Undo> {
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
    now === undefined ? 'has been deleted' : after === undefined ? 'has been made anew' : 'has been changed';
  return `${name} ${what} since the recovery (look at it; --yes puts it back all the same)`;
}

/** What somebody may have changed: not what the API server keeps to itself. */
function isSame(one: KubernetesObject, other: KubernetesObject): boolean {
  return isDeepStrictEqual(contentOf(one), contentOf(other));
}

function contentOf({ metadata, ...content }: KubernetesObject): object {
  const { labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = metadata;
  return { ...content, metadata: { labels, annotations, finalizers, ownerReferences } };
}

/** An old resourceVersion would be refused as a conflict; that of now still tells of a change in between. */
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
