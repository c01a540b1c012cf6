import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateError } from '../certificate/errors.ts';
import type { RotationTarget } from '../certificate/rotation.ts';
import { type NewText, readText, replaceTexts } from '../certificate/state-folder.ts';
import { editDocuments } from '../document/edit.ts';
import type { Path } from '../document/json.ts';
import { parseDocuments } from '../document/yaml.ts';

/** A `caBundle` in a document. */
interface FoundBundle {
  readonly path: Path;
  readonly pem: string;
}

/** A file with webhooks that the API server reads, and the `caBundle` of each of the gate's webhooks in it. */
interface StaticFile {
  readonly path: string;
  readonly text: string;
  /** `document` is the index of a document in the file. */
  readonly bundles: readonly { readonly document: number; readonly found: FoundBundle }[];
}

/** Selects files and the webhooks in them. */
export interface StaticWebhooks {
  /** The folder that the API server reads. */
  readonly folder: string;
  /** Returns a function that finds each `caBundle` of a document which a rotation replaces. */
  readonly openFinder: () => Promise<(document: unknown) => readonly FoundBundle[]>;
}

/**
 * The files of a folder that contain webhooks of the gate. The result is empty if the folder does not exist.
 * @throws {CertificateError} CERTIFICATE_UNREADABLE
 * @throws {DocumentError} DOCUMENT_SYNTAX
 */
async function findStaticFiles({ folder, openFinder }: StaticWebhooks): Promise<readonly StaticFile[]> {
  const files: StaticFile[] = [];
  const names = await listFolder(folder);
  const findBundles = await openFinder();
  for (const name of names.toSorted()) {
    if (!/\.(?:ya?ml|json)$/.test(name) || name.startsWith('.')) continue;
    const path = join(folder, name);
    const text = (await readText(path)) ?? '';
    const bundles = parseDocuments(text, path).flatMap(({ value }, document) =>
      findBundles(value).map((found) => ({ found, document })),
    );
    if (bundles.length > 0) files.push({ path, text, bundles });
  }
  return files;
}

async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return [];
    throw new CertificateError('CERTIFICATE_UNREADABLE', `${folder}: the folder cannot be read`, { cause });
  }
}

/** Whether a folder contains webhooks of the gate. */
export async function isStaticallyWired(webhooks: StaticWebhooks): Promise<boolean> {
  return (await findStaticFiles(webhooks)).length > 0;
}

/**
 * Adds the trust of the webhooks in a folder to a target. The API server reads these files, and they cannot be
 * changed through the API. If they did not contain a new CA, every request would be refused.
 */
export function trustedByStaticFiles(target: RotationTarget, webhooks: StaticWebhooks): RotationTarget {
  return {
    ...target,
    readTrust: async () => {
      const files = await findStaticFiles(webhooks);
      return [
        ...(await target.readTrust()),
        ...files.flatMap(({ bundles }) => bundles.map(({ found }) => found.pem)),
      ];
    },
    writeTrust: async (trust) => {
      const value = Buffer.from(trust).toString('base64');
      const changes: NewText[] = [];
      for (const { path, text, bundles } of await findStaticFiles(webhooks)) {
        const edits = bundles.map(({ document, found }) => ({
          kind: 'set' as const,
          document,
          path: found.path,
          value,
        }));
        changes.push({ file: path, text: editDocuments(text, path, edits) });
      }
      await replaceTexts(changes);
      await target.writeTrust(trust);
    },
  };
}
