import { readFile, stat } from 'node:fs/promises';
import { DocumentError, parseDocuments, type TextDocument } from '../document/yaml.ts';
import { decodePolicy, PolicyProblemsError, type PolicyProblem } from './decode.ts';
import type { Policy } from './policy.ts';

/** Largest policy file, in bytes: as much as a ConfigMap holds. */
export const MAX_POLICY_BYTES = 1024 * 1024;

export type PolicyFileErrorCode =
  | 'POLICY_UNREADABLE'
  | 'POLICY_TOO_LARGE'
  | 'POLICY_SYNTAX'
  | 'POLICY_INVALID';

/** A policy that cannot be loaded. The message has one line a problem: `file:line:column: path: what (hint)`. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError';
  readonly code: PolicyFileErrorCode;

  constructor(code: PolicyFileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Loads a policy from a file; `language` chooses among the messages of its rules.
 * @throws {PolicyFileError} POLICY_UNREADABLE, POLICY_TOO_LARGE, POLICY_SYNTAX or POLICY_INVALID.
 */
export async function loadPolicy(file: string, language?: string): Promise<Policy> {
  return parsePolicy(await readPolicyText(file), file, language);
}

/** @throws {PolicyFileError} POLICY_UNREADABLE or POLICY_TOO_LARGE. */
export async function readPolicyText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= MAX_POLICY_BYTES) return await readFile(file, 'utf8');
    throw new PolicyFileError(
      'POLICY_TOO_LARGE',
      `${file}: the policy has ${size} bytes; at most ${MAX_POLICY_BYTES} are read`,
    );
  } catch (cause) {
    if (cause instanceof PolicyFileError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PolicyFileError('POLICY_UNREADABLE', `${file}: the policy cannot be read: ${why}`, { cause });
  }
}

/**
 * Turns the text of a policy (YAML or JSON) into a policy; `file` is what problems are reported against.
 * @throws {PolicyFileError} POLICY_SYNTAX or POLICY_INVALID.
 */
export async function parsePolicy(text: string, file: string, language?: string): Promise<Policy> {
  const document = parseSingleDocument(text, file);
  try {
    return await decodePolicy(document.value, language);
  } catch (error) {
    if (!(error instanceof PolicyProblemsError)) throw error;
    const message = error.problems.map((problem) => renderProblem(problem, file, document)).join('\n');
    throw new PolicyFileError('POLICY_INVALID', message, { cause: error });
  }
}

function parseSingleDocument(text: string, file: string): TextDocument {
  let documents: TextDocument[];
  try {
    documents = parseDocuments(text, file);
  } catch (cause) {
    if (!(cause instanceof DocumentError)) throw cause;
    throw new PolicyFileError('POLICY_SYNTAX', cause.message, { cause });
  }
  const [document, second] = documents;
  if (document === undefined) throw new PolicyFileError('POLICY_SYNTAX', `${file}:1:1: the policy is empty`);
  if (second !== undefined) {
    const where = `${file}:${second.positionOf([])}`;
    throw new PolicyFileError(
      'POLICY_SYNTAX',
      `${where}: a second document begins, and a policy is one (keep each in a file of its own)`,
    );
  }
  return document;
}

function renderProblem({ path, message, hint }: PolicyProblem, file: string, document: TextDocument): string {
  const place = path.length === 0 ? '' : `${renderPath(path)}: `;
  return `${file}:${document.positionOf(path)}: ${place}${message}${hint === undefined ? '' : ` (${hint})`}`;
}

function renderPath(path: readonly (string | number)[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
}
