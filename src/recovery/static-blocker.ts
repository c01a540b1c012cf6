import { editDocument, type Edit } from '../document/edit.ts';
import { parseDocuments } from '../document/yaml.ts';
import type { Blocker, Step } from './blocker.ts';
import { findNodeFile, readNodeFile, writing, type NodeFile } from './node-files.ts';
import type { SeenWebhook } from '../wiring/webhook-configuration.ts';
import { describeAddress, entriesOf } from './webhook-entry.ts';
import { remediesOf, type Remedy } from './webhook-remedies.ts';

interface StaticFiles {
  /** Whether this process can change the owner of files. */
  readonly isRoot: boolean;
  /** How long the API server may take, in milliseconds. It watches the folder, and also reads it once a minute. */
  readonly waitMs: number;
}

/**
 * One blocker for each webhook of a file that the API server loads. The API does not show such a webhook, so only the
 * file can be changed.
 * @throws {DocumentError} DOCUMENT_SYNTAX
 * @throws {RecoveryError} BLOCKER_NOT_FOUND
 * @see https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/5793-manifest-based-admission-control-config
 */
export async function staticBlockers(path: string, files: StaticFiles): Promise<readonly Blocker[]> {
  return entriesIn(await readNodeFile(path)).map(({ name }) => staticBlocker(path, name, files));
}

function entriesIn({ text, path }: NodeFile): readonly SeenWebhook[] {
  return parseDocuments(text, path).flatMap(({ value }) => entriesOf(value));
}

function staticBlocker(path: string, webhook: string, { isRoot, waitMs }: StaticFiles): Blocker {
  const read = async (): Promise<{ file: NodeFile; entry: SeenWebhook; others: number } | undefined> => {
    const file = await findNodeFile(path);
    const entries = file === undefined ? [] : entriesIn(file);
    const entry = entries.find(({ name }) => name === webhook);
    return file === undefined || entry === undefined
      ? undefined
      : { file, entry, others: entries.length - 1 };
  };
  return {
    name: `webhook ${webhook} of ${path}`,
    settleMs: waitMs,
    isWatchedElsewhere: true,
    blames: ({ plugin, name }) => plugin === 'webhook' && name === webhook,
    describe: async () => {
      const found = await read();
      return (
        found &&
        `loaded from a file, failurePolicy ${found.entry.failurePolicy}, calls ${describeAddress(found.entry)}`
      );
    },
    steps: async (results) => {
      const found = await read();
      if (found === undefined) return [];
      const { file, entry, others } = found;
      return remediesOf(entry, results).map((remedy) => fileStep(file, remedy, others === 0, isRoot));
    },
  };
}

function fileStep(file: NodeFile, remedy: Remedy, isOnly: boolean, isRoot: boolean): Step {
  const { path, text } = file;
  const isWhole = remedy.kind === 'remove' && isOnly;
  return {
    ...remedy,
    byHand: isWhole ? [`mv ${path} /root/`] : remedy.edits.map((edit) => byHand(path, edit)),
    ...writing([{ file, text: isWhole ? undefined : editDocument(text, path, remedy.edits) }], isRoot),
  };
}

function byHand(path: string, edit: Edit): string {
  const place = edit.path.join('.');
  if (edit.kind === 'remove') return `vi ${path}   # remove ${place}`;
  if (edit.path.at(-1) === 'failurePolicy')
    return `sed -i 's/failurePolicy: Fail/failurePolicy: Ignore/' ${path}`;
  return `vi ${path}   # ${place}: ${JSON.stringify(edit.value)}`;
}
