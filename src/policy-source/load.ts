import { CodedError } from '../coded-error.ts';
import { decodeUtf8 } from '../document/text.ts';
import { DocumentError, parseDocuments, type TextDocument } from '../document/yaml.ts';
import { type BoundedReader, readBounded } from '../file/bounded-file.ts';
import { decodePolicy, PolicyProblemsError } from '../policy/decode.ts';
import type { Policy } from '../policy/policy.ts';
import { type PolicyProblem, sayProblem } from '../policy/parameter-error.ts';

/** Largest policy file, in bytes: the limit of a ConfigMap. */
export const MAX_POLICY_BYTES = 1024 * 1024;

/** Most problems in one message. */
const MAX_SHOWN = 20;

export type PolicyFileErrorCode =
  | 'POLICY_UNREADABLE'
  | 'POLICY_TOO_LARGE'
  | 'POLICY_SYNTAX'
  | 'POLICY_INVALID';

/** A policy cannot be loaded. The message has one line for each problem: `file:line:column: path: what (hint)`. */
export class PolicyFileError extends CodedError<PolicyFileErrorCode> {
  override readonly name = 'PolicyFileError';
}

/**
 * Loads a policy from a file. `language` selects the messages of its rules.
 * @throws {PolicyFileError} POLICY_UNREADABLE, POLICY_TOO_LARGE, POLICY_SYNTAX or POLICY_INVALID.
 */
export async function loadPolicy(file: string, language?: string): Promise<Policy> {
  return parsePolicy(await readPolicyText(file), file, language);
}

/** @throws {PolicyFileError} POLICY_UNREADABLE, POLICY_TOO_LARGE or POLICY_SYNTAX. */
export async function readPolicyText(file: string, read: BoundedReader = readBounded): Promise<string> {
  const bytes = await readPolicyBytes(file, read);
  try {
    return decodeUtf8(bytes, file);
  } catch (cause) {
    if (!(cause instanceof DocumentError)) throw cause;
    throw new PolicyFileError('POLICY_SYNTAX', cause.message, { cause });
  }
}

async function readPolicyBytes(file: string, read: BoundedReader): Promise<Uint8Array> {
  const bytes = await read(file, MAX_POLICY_BYTES).catch((cause: unknown) => {
    throw policyUnreadable(file, cause instanceof Error ? cause.message : String(cause), { cause });
  });
  if (bytes !== undefined) return bytes;
  const message = `${file}: the policy has more than ${MAX_POLICY_BYTES} bytes, the maximum`;
  throw new PolicyFileError('POLICY_TOO_LARGE', message);
}

/** The error POLICY_UNREADABLE with its sentence. */
export function policyUnreadable(file: string, why: string, options?: ErrorOptions): PolicyFileError {
  return new PolicyFileError('POLICY_UNREADABLE', `${file}: the policy cannot be read: ${why}`, options);
}

/**
 * Makes a policy from text (YAML or JSON). Problems are reported with the name `file`.
 * @throws {PolicyFileError} POLICY_SYNTAX or POLICY_INVALID.
 */
export async function parsePolicy(text: string, file: string, language?: string): Promise<Policy> {
  const document = parseSingleDocument(text, file);
  try {
    return withPlaces(await decodePolicy(document.value, language), file, document);
  } catch (error) {
    if (!(error instanceof PolicyProblemsError)) throw error;
    const shown = error.problems.slice(0, MAX_SHOWN).map((problem) => renderProblem(problem, file, document));
    const more = error.problems.length - shown.length;
    const message = [...shown, ...(more > 0 ? [`${file}: and ${more} more problems`] : [])].join('\n');
    throw new PolicyFileError('POLICY_INVALID', message, { cause: error });
  }
}

/** Adds file, line and column to the warnings of a policy. */
function withPlaces(policy: Policy, file: string, document: TextDocument): Policy {
  if (policy.warnings.length === 0) return policy;
  const warnings = policy.warnings.map((warning) => ({
    ...warning,
    place: `${file}:${document.positionOf(warning.path)}`,
  }));
  return { ...policy, warnings };
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
  if (document === undefined)
    throw new PolicyFileError(
      'POLICY_SYNTAX',
      `${file}:1:1: the policy is empty (write a policy, or leave --policy out)`,
    );
  if (second !== undefined) {
    const where = `${file}:${second.positionOf([])}`;
    throw new PolicyFileError(
      'POLICY_SYNTAX',
      `${where}: a second document begins here (keep one policy per file)`,
    );
  }
  return document;
}

function renderProblem(problem: PolicyProblem, file: string, document: TextDocument): string {
  return `${file}:${document.positionOf(problem.path)}: ${sayProblem(problem)}`;
}
