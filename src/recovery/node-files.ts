import { findFile, type FoundFile, resolveLinks } from '../control-plane/file-plan.ts';
import { removeFile, writeWhole } from '../control-plane/file-system.ts';
import { decodeUtf8 } from '../document/text.ts';
import type { RecordedFile, Step } from './blocker.ts';
import { RecoveryError } from './errors.ts';

/** A text file of a control-plane node. */
export interface NodeFile {
  readonly path: string;
  readonly text: string;
  readonly found: FoundFile;
}

/**
 * Reads a text file, following a symbolic link.
 * @throws {RecoveryError} BLOCKER_NOT_FOUND if the file does not exist
 * @throws {ControlPlaneError} NODE_FILE_UNREADABLE
 * @throws {DocumentError} DOCUMENT_SYNTAX if it is not UTF-8
 */
export async function readNodeFile(path: string): Promise<NodeFile> {
  const file = await findNodeFile(path);
  if (file !== undefined) return file;
  throw new RecoveryError('BLOCKER_NOT_FOUND', `${path} does not exist (run this on the control-plane node)`);
}

/** Reads a file like {@link readNodeFile}. Returns `undefined` if the file does not exist. */
export async function findNodeFile(named: string): Promise<NodeFile | undefined> {
  // Change the target of a symbolic link, and keep the link.
  const path = await resolveLinks(named);
  const found = await findFile(path);
  return found && { path, text: decodeUtf8(found.content, path), found };
}

/** A file and its new text; `undefined` removes the file. */
interface NewText {
  readonly file: NodeFile;
  readonly text: string | undefined;
}

/** The part of a step that changes files, one after the other. As root, it keeps their owners. */
export function writing(texts: readonly NewText[], isRoot: boolean): Pick<Step, 'foresee' | 'perform'> {
  return {
    foresee: async () => texts.map(changeOf),
    perform: async () => {
      for (const { file, text } of texts) {
        const { mode } = file.found;
        if (text === undefined) await removeFile(file.path);
        else await writeWhole(file.path, text, { mode, owner: isRoot ? file.found : undefined });
      }
    },
  };
}

function changeOf({ file: { path, text: before, found }, text: after }: NewText): RecordedFile {
  const { mode, uid, gid } = found;
  return { kind: 'file', path, mode, uid, gid, before, after };
}
