import { locatedIn } from '../document/manifest-text.ts';
import { readOrdinary } from '../document/ordinary/read.ts';
import { hideContent, shortenQuotes } from '../document/quoted-text.ts';
import { decodeUtf8 } from '../document/text.ts';
import { DocumentError, Lines, type TextDocument } from '../document/text-document.ts';
import { parseDocuments } from '../document/yaml.ts';
import type { BoundedReader } from '../file/bounded-file.ts';
import { decodePolicy, PolicyProblemsError } from '../policy/decode.ts';
import type { Policy } from '../policy/policy.ts';
import { type PolicyProblem, sayProblem } from '../policy/parameter-error.ts';
import { schemaWords } from '../policy/schema-problems.ts';
import type { PolicyWarning } from '../policy/lint.ts';
import { PolicyFileError, type PolicyFileErrorCode, readPolicyBytes } from './policy-file.ts';

/** Most problems in one message. */
const MAX_SHOWN = 20;

/**
 * Loads a policy from a file. `language` selects the messages of its rules.
 * @throws {PolicyFileError} POLICY_UNREADABLE, POLICY_TOO_LARGE, POLICY_SYNTAX or POLICY_INVALID.
 */
export async function loadPolicy(file: string, language?: string): Promise<Policy> {
  return parsePolicy(await readPolicyText(file), file, language);
}

/** A policy, and the document that it was made of. */
export interface LoadedPolicy {
  readonly policy: Policy;
  /** Plain data, of which `decodePolicy` makes an equal policy, in this thread or in another one. */
  readonly document: unknown;
}

/**
 * Like {@link loadPolicy}, with the document.
 * @throws {PolicyFileError} POLICY_UNREADABLE, POLICY_TOO_LARGE, POLICY_SYNTAX or POLICY_INVALID.
 */
export async function loadPolicyAndDocument(file: string, language?: string): Promise<LoadedPolicy> {
  const document = parseSingleDocument(await readPolicyText(file), file);
  return { policy: await decodeDocument(document, file, language), document: document.value };
}

/** @throws {PolicyFileError} POLICY_UNREADABLE, POLICY_TOO_LARGE or POLICY_SYNTAX. */
export async function readPolicyText(file: string, read?: BoundedReader): Promise<string> {
  return decodePolicyText(await readPolicyBytes(file, read), file);
}

/** @throws {PolicyFileError} POLICY_SYNTAX. */
function decodePolicyText(bytes: Uint8Array, file: string): string {
  try {
    return decodeUtf8(bytes, file);
  } catch (cause) {
    throw syntaxError(cause, file);
  }
}

/**
 * Makes a policy from text (YAML or JSON). Problems are reported with the name `file`.
 * @throws {PolicyFileError} POLICY_SYNTAX or POLICY_INVALID.
 */
export async function parsePolicy(text: string, file: string, language?: string): Promise<Policy> {
  return decodeDocument(parseSingleDocument(text, file), file, language);
}

/** The document of a good policy as JSON, or the parts of a {@link PolicyFileError}. Both can be copied to another thread. */
export type PolicyExamination =
  | { readonly result: 'good'; readonly json: string; readonly warnings: readonly PolicyWarning[] }
  | {
      readonly result: 'bad';
      readonly code: PolicyFileErrorCode;
      readonly message: string;
      readonly place: string;
    };

/** Examines the bytes of a policy completely. `decodePolicy` makes the policy of the document of a good one. */
export async function examinePolicy(bytes: Uint8Array, file: string): Promise<PolicyExamination> {
  try {
    const document = parseSingleDocument(decodePolicyText(bytes, file), file);
    const { warnings } = await decodeDocument(document, file);
    return { result: 'good', json: JSON.stringify(document.value), warnings };
  } catch (error) {
    if (!(error instanceof PolicyFileError)) throw error;
    const { code, message, place } = error;
    return { result: 'bad', code, message, place };
  }
}

async function decodeDocument(document: TextDocument, file: string, language?: string): Promise<Policy> {
  try {
    return withPlaces(await decodePolicy(document.value, language), file, document);
  } catch (error) {
    if (!(error instanceof PolicyProblemsError)) throw error;
    const shown = error.problems.slice(0, MAX_SHOWN).map((problem) => renderProblem(problem, file, document));
    const more = error.problems.length - shown.length;
    const message = [...shown, ...(more > 0 ? [`${file}: and ${more} more problems`] : [])].join('\n');
    const place = `${file}:${document.positionOf(error.problems[0]?.path ?? [])}`;
    throw new PolicyFileError('POLICY_INVALID', message, place, { cause: error });
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
  // The line that begins a document is no part of it. The places of all other lines stay the same.
  const ordinary = readOrdinary(text.startsWith('---\n') ? `   ${text.slice(3)}` : text);
  if (ordinary) return locatedIn(new Lines(text), 0, ordinary);
  let documents: TextDocument[];
  try {
    documents = parseDocuments(text, file);
  } catch (cause) {
    throw syntaxError(cause, file);
  }
  const [document, second] = documents;
  if (document === undefined) {
    const place = `${file}:1:1`;
    const sentence = 'the policy is empty (write a policy, or leave --policy out)';
    throw new PolicyFileError('POLICY_SYNTAX', `${place}: ${sentence}`, place);
  }
  if (second !== undefined) {
    const place = `${file}:${second.positionOf([])}`;
    const sentence = 'a second document begins here (keep one policy per file)';
    throw new PolicyFileError('POLICY_SYNTAX', `${place}: ${sentence}`, place);
  }
  return document;
}

/** Makes POLICY_SYNTAX of the error of the reader of documents. Other errors are returned. */
function syntaxError(cause: unknown, file: string): unknown {
  if (!(cause instanceof DocumentError)) return cause;
  const { line, column } = cause.region;
  const place = `${file}:${line}:${column}`;
  // Without the cause, because its message quotes the file.
  return new PolicyFileError(
    'POLICY_SYNTAX',
    `${place}: ${hideContent(cause.sentence, schemaWords())}`,
    place,
  );
}

function renderProblem(problem: PolicyProblem, file: string, document: TextDocument): string {
  return `${file}:${document.positionOf(problem.path)}: ${shortenQuotes(sayProblem(problem))}`;
}
