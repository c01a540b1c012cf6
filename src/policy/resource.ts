import { WORKLOAD_KINDS } from '../workload/kinds.ts';
import { parameterError } from './parameter-error.ts';

/** Resources of Kubernetes itself that have images. */
export const OWN_RESOURCES: ReadonlySet<string> = new Set(WORKLOAD_KINDS.map(({ resource }) => resource));

// Groups without a dot belong to Kubernetes, and the gate knows all their kinds. An unknown name there is a typing error.
// kubectl also accepts a version before or after a group; it is not part of the group.
const CUSTOM = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?){2,}$/;
const VERSION = /^v\d+((alpha|beta)\d+)?$/;

/** Whether text has the form of a custom resource: a plural, and a group with a dot. */
export function isCustomResource(text: string): boolean {
  const [, ...group] = text.split('.');
  return (
    CUSTOM.test(text) &&
    text.length <= 253 &&
    !VERSION.test(group[0] ?? '') &&
    !VERSION.test(group.at(-1) ?? '')
  );
}

/**
 * A resource as policies name it: `pods`, `deployments.apps`, `rollouts.argoproj.io`. `known` are the resources whose
 * images are found.
 * @throws {ParameterError} for a resource that no review can have, because the rule would do nothing.
 */
export function parseResource(
  text: string,
  path: readonly (string | number)[],
  known: ReadonlySet<string>,
): string {
  if (known.has(text)) return text;
  const meant = findMeant(text, known);
  if (isCustomResource(text)) {
    if (meant === undefined) return text;
    throw parameterError(path, `${JSON.stringify(text)} is similar to ${meant}`, `write ${meant}`);
  }
  const plural = text.split(/[./]/, 1)[0]?.toLowerCase() ?? '';
  const named = meant ?? [...known].find((one) => isPluralOf(one.split('.')[0] ?? '', plural));
  const hint = named === undefined ? `known: ${[...OWN_RESOURCES].join(', ')}` : `write ${named}`;
  throw parameterError(path, `${JSON.stringify(text)} is not a resource that has images`, hint);
}

/** The known custom resource that differs from the text by one typing error. */
function findMeant(text: string, known: ReadonlySet<string>): string | undefined {
  return [...known].find((one) => isCustomResource(one) && isTypingErrorOf(one, text));
}

function isPluralOf(plural: string, word: string): boolean {
  return plural === word || plural.slice(0, -1) === word;
}

/** Whether one character is missing, added or replaced, or two neighbours are swapped. */
function isTypingErrorOf(meant: string, text: string): boolean {
  const shorter = Math.min(meant.length, text.length);
  let start = 0;
  while (start < shorter && meant[start] === text[start]) start += 1;
  let end = 0;
  while (end < shorter - start && meant.at(-1 - end) === text.at(-1 - end)) end += 1;
  const [left, other] = [meant.slice(start, meant.length - end), text.slice(start, text.length - end)];
  return (left.length <= 1 && other.length <= 1) || (left.length === 2 && other === `${left[1]}${left[0]}`);
}
