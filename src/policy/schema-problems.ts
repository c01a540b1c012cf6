import type { z } from 'zod';
import type { PolicyProblem } from './parameter-error.ts';
import { renderPolicySchema } from './schema.ts';

/** The remedies, by the type that the schema expects. */
const WANTED: Readonly<Record<string, string>> = {
  string: 'write text; put numbers and booleans in quotes',
  array: 'write a list',
  object: 'write a map of fields',
  record: 'write a map of text',
};

/** The problems that the schema finds in a document, in words for authors of policies. */
export function explainIssues(issues: readonly z.core.$ZodIssue[], document: unknown): PolicyProblem[] {
  return issues.flatMap((issue) => explainIssue(issue, document));
}

function explainIssue(issue: z.core.$ZodIssue, document: unknown): PolicyProblem[] {
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path);
    return issue.keys.map((key) => unknownKey([...path, key], known));
  }
  if (issue.code === 'invalid_type') {
    return [{ path, message: describe(valueAt(document, path)), hint: WANTED[issue.expected] }];
  }
  if (issue.code === 'invalid_value') {
    return [{ path, message: describe(valueAt(document, path)), hint: `write ${issue.values.join(' or ')}` }];
  }
  // All other issues have a message in the schema. The message of a key is inside the issue.
  const { message } = issue.code === 'invalid_key' ? (issue.issues[0] ?? issue) : issue;
  return [{ path, message, hint: undefined }];
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
  return { path, message, hint: known.length === 0 ? 'leave it out' : `known keys: ${known.join(', ')}` };
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

function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    document,
  );
}

function describe(value: unknown): string {
  if (value === undefined) return 'it is missing';
  if (value === null) return 'it is empty';
  if (Array.isArray(value)) return 'a list is not allowed here';
  return typeof value === 'object'
    ? 'a map is not allowed here'
    : `${JSON.stringify(value)} is not allowed here`;
}
