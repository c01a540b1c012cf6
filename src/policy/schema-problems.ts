import type { z } from 'zod';
import { isObject } from '../document/json.ts';
import type { PolicyProblem } from './parameter-error.ts';
import { POLICY_API_VERSION, POLICY_KIND, renderPolicySchema } from './schema.ts';

/** The remedies, by the type that the schema expects. */
const WANTED: Readonly<Record<string, string>> = {
  string: 'write text; put numbers and booleans in quotes',
  array: 'write a list',
  object: 'write a map of fields',
  record: 'write a map of text',
};

/**
 * The problems that the schema finds in a document, in words for authors of policies. A document that does not say that it
 * is a policy may be a key or a token, so nothing of it is quoted.
 */
export function explainIssues(issues: readonly z.core.$ZodIssue[], document: unknown): PolicyProblem[] {
  const saysPolicy =
    isObject(document) && (document['apiVersion'] === POLICY_API_VERSION || document['kind'] === POLICY_KIND);
  return issues.flatMap((issue) => explainIssue(issue, document, saysPolicy));
}

function explainIssue(issue: z.core.$ZodIssue, document: unknown, mayQuote: boolean): PolicyProblem[] {
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  const place = mayQuote ? path : knownPart(path);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path);
    if (mayQuote) return issue.keys.map((key) => unknownKey([...path, key], known));
    const count = issue.keys.length === 1 ? 'one key is' : `${issue.keys.length} keys are`;
    return [{ path: place, message: `${count} not known`, hint: hintOf(known) }];
  }
  if (issue.code === 'invalid_type') {
    return [
      { path: place, message: describe(valueAt(document, path), mayQuote), hint: WANTED[issue.expected] },
    ];
  }
  if (issue.code === 'invalid_value') {
    const hint = `write ${issue.values.join(' or ')}`;
    return [{ path: place, message: describe(valueAt(document, path), mayQuote), hint }];
  }
  // All other issues have a message in the schema. The message of a key is inside the issue.
  const { message } = issue.code === 'invalid_key' ? (issue.issues[0] ?? issue) : issue;
  return [{ path: place, message, hint: undefined }];
}

/** Keys named `__proto__` at any depth. The schema does not see them. */
export function findHiddenKeys(value: unknown, path: readonly (string | number)[] = []): PolicyProblem[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => findHiddenKeys(item, [...path, index]));
  return Object.entries(value).flatMap(([key, item]) =>
    key === '__proto__'
      ? [unknownKey([...path, key], knownKeys(path))]
      : findHiddenKeys(item, [...path, key]),
  );
}

function unknownKey(path: readonly (string | number)[], known: readonly string[]): PolicyProblem {
  const message = `${JSON.stringify(path.at(-1))} is not a known key`;
  return { path, message, hint: hintOf(known) };
}

function hintOf(known: readonly string[]): string {
  return known.length === 0 ? 'leave it out' : `known keys: ${known.join(', ')}`;
}

/** The beginning of a path whose keys are all in the schema. */
function knownPart(path: readonly (string | number)[]): readonly (string | number)[] {
  const unknown = path.findIndex(
    (key, index) => typeof key === 'string' && !knownKeys(path.slice(0, index)).includes(key),
  );
  return unknown === -1 ? path : path.slice(0, unknown);
}

/** The part of a JSON Schema that lists keys. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

function knownKeys(path: readonly (string | number)[]): string[] {
  let shape: Shape | undefined = renderPolicySchema();
  for (const key of path) shape = typeof key === 'number' ? shape?.items : shape?.properties?.[key];
  return Object.keys(shape?.properties ?? {});
}

/** All keys of the schema. */
export function schemaWords(): ReadonlySet<string> {
  const words = new Set<string>();
  const collect = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(collect);
    if (!isObject(part)) return;
    if (isObject(part['properties'])) for (const key of Object.keys(part['properties'])) words.add(key);
    Object.values(part).forEach(collect);
  };
  collect(renderPolicySchema());
  return words;
}

function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    document,
  );
}

function describe(value: unknown, mayQuote: boolean): string {
  if (value === undefined) return 'it is missing';
  if (value === null) return 'it is empty';
  if (Array.isArray(value)) return 'a list is not allowed here';
  if (typeof value === 'object') return 'a map is not allowed here';
  if (mayQuote) return `${JSON.stringify(value)} is not allowed here`;
  return typeof value === 'string'
    ? `a text of ${value.length} characters is not allowed here`
    : `a ${typeof value} is not allowed here`;
}
