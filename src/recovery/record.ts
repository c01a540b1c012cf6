import { dirname } from 'node:path';
import { makeFolders, writeWhole } from '../control-plane/file-system.ts';
import { parseDocuments } from '../document/yaml.ts';
import { renderYaml } from '../document/render.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import type { RecordedChange } from './blocker.ts';
import { RecoveryError } from './errors.ts';
import { fieldsOf } from '../document/json.ts';

/** The changes of a recovery. They can be undone, and later changes can be recognised. */
export interface RecoveryRecord {
  /** The API server of the objects; `undefined` if only files were changed. */
  readonly server: string | undefined;
  readonly recoveredAt: string;
  readonly changes: readonly RecordedChange[];
}

const API_VERSION = 'kube-image-bouncer.io/v1alpha1';
const KIND = 'Recovery';

/** The record as a YAML file, with each object and file in full, before and after the recovery. */
export function renderRecord({ server, recoveredAt, changes }: RecoveryRecord): string {
  const head = [
    '# The changes of `kube-image-bouncer recover`: each object and file before and after the recovery.',
    '# To restore the state before, run `kube-image-bouncer recover --undo` with this file.',
  ];
  const document = {
    apiVersion: API_VERSION,
    kind: KIND,
    ...(server !== undefined && { server }),
    recoveredAt,
    changes: changes.map(({ after, ...change }) => ({ ...change, after: after ?? null })),
  };
  return `${head.join('\n')}\n${renderYaml(document)}`;
}

/**
 * Writes a record to a file that only its owner can read. The file is replaced as a whole, so an interrupted write
 * never destroys an earlier record.
 * @throws {ControlPlaneError} NODE_FILE_UNWRITABLE
 */
export async function keepRecord(file: string, record: RecoveryRecord): Promise<void> {
  await makeFolders(dirname(file), 0o755);
  await writeWhole(file, renderRecord(record), { mode: 0o600 });
}

/**
 * Reads a record. `file` is for error messages.
 * @throws {RecoveryError} RECOVERY_RECORD_INVALID
 * @throws {DocumentError} DOCUMENT_SYNTAX
 */
export function decodeRecord(text: string, file: string): RecoveryRecord {
  const [document, second] = parseDocuments(text, file);
  const { apiVersion, kind, server, recoveredAt, changes } = fieldsOf(document?.value);
  if (apiVersion !== API_VERSION || kind !== KIND || second !== undefined || !Array.isArray(changes)) {
    throw new RecoveryError(
      'RECOVERY_RECORD_INVALID',
      `${file}: this is not a record of a recovery (give the file that \`recover --yes\` printed)`,
    );
  }
  return {
    server: typeof server === 'string' ? server : undefined,
    recoveredAt: typeof recoveredAt === 'string' ? recoveredAt : '',
    changes: changes.map((change, index) => {
      const decoded = decodeChange(change);
      if (decoded !== undefined) return decoded;
      const place = document?.positionOf(['changes', index]) ?? '1:1';
      throw new RecoveryError('RECOVERY_RECORD_INVALID', `${file}:${place}: this change has no \`before\``);
    }),
  };
}

function decodeChange(value: unknown): RecordedChange | undefined {
  const { kind, path, mode, uid, gid, before, after } = fieldsOf(value);
  if (kind === 'object' && isKubernetesObject(before))
    return { kind, before, after: isKubernetesObject(after) ? after : undefined };
  if (kind !== 'file' || typeof path !== 'string' || typeof before !== 'string') return undefined;
  if (!isWhole(mode) || !isWhole(uid) || !isWhole(gid)) return undefined;
  return { kind, path, mode, uid, gid, before, after: typeof after === 'string' ? after : undefined };
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isKubernetesObject(value: unknown): value is KubernetesObject {
  const { apiVersion, kind, metadata } = fieldsOf(value);
  return (
    typeof apiVersion === 'string' &&
    typeof kind === 'string' &&
    typeof fieldsOf(metadata)['name'] === 'string'
  );
}
