import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { FAIL_KINDS } from '../report/failing.ts';
import { OUTPUT_FORMATS } from '../report/output-formats.ts';
import { readSettingsFile } from './settings-file.ts';

/** The name of the file in a repository. */
export const OPTIONS_FILE = '.kube-image-bouncer.yaml';

const text = z.string().min(1, 'an empty text is not allowed here');
const texts = z.array(text).min(1, 'an empty list is not allowed here');

const SCHEMA = z.strictObject({
  policy: text.optional(),
  allowedRegistries: texts.optional(),
  namespace: text.optional(),
  language: text.optional(),
  messages: text.optional(),
  paths: z
    .array(text.refine((path) => path !== '-', 'standard input has no place in a repository'))
    .min(1, 'an empty list is not allowed here')
    .optional(),
  exclude: texts.optional(),
  output: z.enum(OUTPUT_FORMATS).optional(),
  failOn: z.array(z.enum(FAIL_KINDS)).min(1, 'an empty list is not allowed here').optional(),
  baseline: text.optional(),
});

/** The options of `check` that a repository has for everybody. A missing one has its usual default. */
type FileOptions = Readonly<z.infer<typeof SCHEMA>>;

/**
 * The file with the options for a working folder: in this folder, or in a folder above it up to the root of the
 * repository, which has `.git`. Outside of a repository only the folder itself counts, because others may write to the
 * folders above it. `undefined` if there is none.
 */
export function findOptionsFile(workingFolder: string): string | undefined {
  const candidates: string[] = [];
  for (let folder = workingFolder; ; folder = dirname(folder)) {
    candidates.push(join(folder, OPTIONS_FILE));
    if (exists(join(folder, '.git'))) return candidates.find(exists);
    if (dirname(folder) === folder) return candidates.slice(0, 1).find(exists);
  }
}

/** Under Node's permission model, `existsSync` throws for a file that may not be read. */
function exists(file: string): boolean {
  try {
    return existsSync(file);
  } catch {
    return false;
  }
}

/** @throws {SettingsFileError} FILE_UNREADABLE or OPTIONS_FILE_INVALID */
export function readOptionsFile(file: string): Promise<FileOptions> {
  return readSettingsFile(file, SCHEMA, 'OPTIONS_FILE_INVALID');
}

/** Options that are files. In the options file they are relative to its folder. */
const FILES = new Set(['policy', 'messages', 'baseline']);

/**
 * The options of the file that the command line and the environment leave open, by the names of the command line.
 * `shown` returns a path of the file from the working folder.
 */
export function missingOptions(
  { paths: _paths, allowedRegistries, ...others }: FileOptions,
  isGiven: (name: string) => boolean,
  shown: (path: string) => string,
): Readonly<Record<string, string | readonly string[]>> {
  // A policy and a list of registries exclude each other, so that the one of the command line replaces both.
  const hasPolicy = ['policy', 'allowedRegistries', 'registryWhitelist'].some(isGiven);
  const replaced = new Set([
    ...(hasPolicy ? ['policy', 'allowedRegistries'] : []),
    ...(isGiven('writeBaseline') ? ['baseline'] : []),
  ]);
  const values = Object.entries({ ...others, allowedRegistries: allowedRegistries?.join(',') });
  return Object.fromEntries(
    values.flatMap(([name, value]) => {
      if (value === undefined || isGiven(name) || replaced.has(name)) return [];
      return [[name, typeof value === 'string' && FILES.has(name) ? shown(value) : value]];
    }),
  );
}
