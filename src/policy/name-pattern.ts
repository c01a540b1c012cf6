import { parameterError } from './parameter-error.ts';

/** A test for the names of namespaces, users or groups. `*` matches any run of characters. */
export type NamePattern = (name: string) => boolean;

const HINT = 'write the whole name, or "*" for any characters together with at least one other character';

/**
 * A pattern for namespaces, whose names are DNS labels.
 * @throws {ParameterError} for a pattern that matches no possible namespace, because the rule would do nothing.
 */
export function parseNamespacePattern(text: string, path: readonly (string | number)[]): NamePattern {
  const matches = parseNamePattern(text, path);
  // Try one letter in place of each wildcard. If that is no valid name, no other replacement is.
  const example = text.replaceAll(/\*+/g, 'x');
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(example) && example.length - (text.split('*').length - 1) <= 63)
    return matches;
  const hint = 'a namespace has lower-case letters, digits and "-" only, at most 63 of them';
  throw parameterError(path, `no namespace can have the name ${JSON.stringify(text)}`, hint);
}

/** @throws {ParameterError} for a pattern that is empty, or that would match every name. */
export function parseNamePattern(text: string, path: readonly (string | number)[]): NamePattern {
  if (text.length === 0 || text.length > 253 || /[^\x21-\x7e]/.test(text)) {
    throw parameterError(path, `${JSON.stringify(text)} is not a name`, HINT);
  }
  if (/^\*+$/.test(text))
    throw parameterError(path, `"${text}" matches every name`, 'leave the list out to match everything');
  if (/[?[\]{}!\\]/.test(text))
    throw parameterError(path, `"${text}" contains a character that has no meaning here`, HINT);
  const parts = text.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return (name) => name === first;
  const last = parts[parts.length - 1] ?? '';
  const middle = parts.slice(1, -1).filter((part) => part !== '');
  return (name) => {
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
      return false;
    return containsInOrder(name, middle, first.length, name.length - last.length);
  };
}

// The leftmost match is the best one for parts without wildcards, so no part is tried twice.
function containsInOrder(name: string, parts: readonly string[], start: number, end: number): boolean {
  let position = start;
  for (const part of parts) {
    const found = name.indexOf(part, position);
    if (found === -1 || found + part.length > end) return false;
    position = found + part.length;
  }
  return true;
}
