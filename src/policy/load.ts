import { readFile, stat } from 'node:fs/promises';
import { isAlias, isMap, isPair, isSeq, isNode, LineCounter, parseAllDocuments, type Document } from 'yaml';
import { decodePolicy, PolicyProblemsError, type PolicyProblem } from './decode.ts';
import type { Policy } from './policy.ts';

/** Largest policy file, in bytes: as much as a ConfigMap holds. */
export const MAX_POLICY_BYTES = 1024 * 1024;

export type PolicyFileErrorCode = 'POLICY_UNREADABLE' | 'POLICY_TOO_LARGE' | 'POLICY_SYNTAX' | 'POLICY_INVALID';

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
 * Loads a policy from a file.
 * @throws {PolicyFileError} POLICY_UNREADABLE, POLICY_TOO_LARGE, POLICY_SYNTAX or POLICY_INVALID.
 */
export async function loadPolicy(file: string, language?: string): Promise<Policy> {
  return parsePolicy(await readPolicyText(file), file, language);
}

/** @throws {PolicyFileError} POLICY_UNREADABLE or POLICY_TOO_LARGE. */
export async function readPolicyText(file: string): Promise<string> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > MAX_POLICY_BYTES) throw new PolicyFileError('POLICY_TOO_LARGE', `${file}: the policy has ${size} bytes; at most ${MAX_POLICY_BYTES} are read`);
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof PolicyFileError) throw cause;
    throw new PolicyFileError('POLICY_UNREADABLE', `${file}: the policy cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return text;
}

/**
 * Turns the text of a policy (YAML or JSON) into a policy; `file` is what problems are reported against.
 * @throws {PolicyFileError} POLICY_SYNTAX or POLICY_INVALID.
 */
export async function parsePolicy(text: string, file: string, language?: string): Promise<Policy> {
  const lines = new LineCounter();
  const { document, value } = parseYaml(text, file, lines);
  try {
    return await decodePolicy(value, language);
  } catch (error) {
    if (!(error instanceof PolicyProblemsError)) throw error;
    const message = error.problems.map((problem) => renderProblem(problem, file, document, lines)).join('\n');
    throw new PolicyFileError('POLICY_INVALID', message, { cause: error });
  }
}

function parseYaml(text: string, file: string, lines: LineCounter): { document: Document; value: unknown } {
  try {
    // Merge keys stay plain keys, unknown tags are problems, aliases are bounded (C11).
    const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, merge: false, version: '1.2' });
    const filled = (Array.isArray(documents) ? documents : []).filter(({ contents, errors }) => contents !== null || errors.length > 0);
    const [document, second] = filled;
    if (document === undefined) throw syntaxError(`${file}:1:1: the policy is empty`);
    if (second !== undefined) {
      throw syntaxError(`${file}: there are ${filled.length} documents, and a policy is one; keep each in a file of its own`);
    }
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) throw syntaxError(`${file}:${position(lines, problem.pos[0])}: ${problem.message.split('\n')[0]}`, problem);
    return { document, value: document.toJS({ maxAliasCount: 100 }) };
  } catch (cause) {
    if (cause instanceof PolicyFileError) throw cause;
    throw syntaxError(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function syntaxError(message: string, cause?: unknown): PolicyFileError {
  return new PolicyFileError('POLICY_SYNTAX', message, { cause });
}

function renderProblem(problem: PolicyProblem, file: string, document: Document, lines: LineCounter): string {
  const { path, message, hint } = problem;
  const place = path.length === 0 ? '' : `${renderPath(path)}: `;
  return `${file}:${position(lines, offsetOf(document, path))}: ${place}${message}${hint === undefined ? '' : ` (${hint})`}`;
}

function renderPath(path: readonly (string | number)[]): string {
  return path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('').replace(/^\./, '');
}

function position(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${line}:${col}`;
}

/** Where a path points to: the key of a map, the item of a list; for a key that is missing, where it is missing from. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    let found: unknown;
    if (isSeq(node) && typeof key === 'number') found = node.items[key];
    if (isMap(node)) found = node.items.find((pair) => String(pair.key) === String(key));
    if (found === undefined || found === null) break;
    const place = isPair(found) ? found.key : found;
    if (isNode(place)) offset = place.range?.[0] ?? offset;
    node = isPair(found) ? found.value : found;
  }
  return offset;
}
