import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateError } from '../certificate/errors.ts';
import type { RotationTarget } from '../certificate/rotation.ts';
import { readText, replaceText } from '../certificate/state-folder.ts';
import { editDocument } from '../document/edit.ts';
import { type Path, valueAt } from '../document/json.ts';
import { parseDocuments } from '../document/yaml.ts';

/** A file with webhooks that the API server reads, and the `caBundle` of each of the gate's webhooks in it. */
interface StaticFile {
  readonly path: string;
  readonly text: string;
  readonly bundles: readonly { readonly path: Path; readonly bundle: string }[];
}

/** Selects files and the webhooks in them. */
export interface StaticWebhooks {
  /** The folder that the API server reads. */
  readonly folder: string;
  /** Suffix of the names of the gate's webhooks. */
  readonly domain: string;
}

/**
 * The files of a folder that contain webhooks of the gate. The result is empty if the folder does not exist.
 * @throws {CertificateError} CERTIFICATE_UNREADABLE
 * @throws {DocumentError} DOCUMENT_SYNTAX
 */
async function findStaticFiles({ folder, domain }: StaticWebhooks): Promise<readonly StaticFile[]> {
  const files: StaticFile[] = [];
  for (const name of (await listFolder(folder)).toSorted()) {
    if (!/\.(?:ya?ml|json)$/.test(name) || name.startsWith('.')) continue;
    const path = join(folder, name);
    const text = (await readText(path)) ?? '';
    const bundles = bundlesOf(parseDocuments(text, path)[0]?.value, domain);
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

function bundlesOf(configuration: unknown, domain: string): StaticFile['bundles'] {
  const webhooks = valueAt(configuration, ['webhooks']);
  if (!Array.isArray(webhooks)) return [];
  return webhooks.flatMap((webhook: unknown, index) => {
    const name = valueAt(webhook, ['name']);
    const bundle = valueAt(webhook, ['clientConfig', 'caBundle']);
    if (typeof name !== 'string' || !name.endsWith(domain) || typeof bundle !== 'string') return [];
    return [
      {
        path: ['webhooks', index, 'clientConfig', 'caBundle'],
        bundle: Buffer.from(bundle, 'base64').toString(),
      },
    ];
  });
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
        ...files.flatMap(({ bundles }) => bundles.map(({ bundle }) => bundle)),
      ];
    },
    writeTrust: async (trust) => {
      const value = Buffer.from(trust).toString('base64');
      for (const { path, text, bundles } of await findStaticFiles(webhooks)) {
        const edits = bundles.map((bundle) => ({ kind: 'set' as const, path: bundle.path, value }));
        await replaceText(path, editDocument(text, path, edits));
      }
      await target.writeTrust(trust);
    },
  };
}
