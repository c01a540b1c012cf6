import { readFile } from 'node:fs/promises';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { ClusterChoice } from '../../kubernetes/config.ts';
import { decodeRecord, type RecoveryRecord } from '../../recovery/record.ts';
import { undoFile, undoObject, type Undo, type UndoOptions } from '../../recovery/undo.ts';
import { messageOf, type ExitCode } from '../command.ts';
import { conflict, openCluster, SettingsError } from '../settings.ts';

/** Undoes a whole recovery. If an object or a file was changed after the recovery, nothing is undone. */
export async function undoRecovery(
  file: string,
  { yes = false, ...choice }: ClusterChoice & { readonly yes?: boolean },
  { isRoot, print }: Pick<UndoOptions, 'isRoot'> & { readonly print: (text: string) => void },
): Promise<ExitCode> {
  const record = decodeRecord(await readRecord(file), file);
  // Files can be restored while the API server does not answer.
  const needsCluster = record.changes.some(({ kind }) => kind === 'object');
  const client = needsCluster ? await openCluster(choice) : undefined;
  if (client !== undefined && !yes) refuseOtherCluster(client, record, file);
  const undos: Undo[] = [];
  for (const change of record.changes) {
    if (change.kind === 'file') undos.push(await undoFile(change, { force: yes, isRoot }));
    else if (client !== undefined) undos.push(await undoObject(client, change, { force: yes }));
  }
  for (const undo of undos) {
    if (!undo.isDone) await undo.perform();
    print(`${undo.name} is as it was before${undo.isDone ? ' already' : ' again'}.`);
  }
  return 0;
}

function refuseOtherCluster(client: KubernetesClient, { server }: RecoveryRecord, file: string): void {
  if (server === undefined || server === client.server) return;
  throw conflict(
    `--undo: ${file} is a recovery of ${server}, but the kubeconfig selects ${client.server} (--yes restores it anyway)`,
  );
}

async function readRecord(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SettingsError('FILE_UNREADABLE', `--undo: ${file} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}
