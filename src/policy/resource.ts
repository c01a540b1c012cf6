import { WORKLOAD_KINDS } from '../workload/kinds.ts';
import { ParameterError } from './parameter-error.ts';

/** Resources of Kubernetes' own that hold images. */
export const OWN_RESOURCES: ReadonlySet<string> = new Set(WORKLOAD_KINDS.map(({ resource }) => resource));

// Groups without a dot are Kubernetes' own, whose kinds we all know: another name there is a slip of the pen. A
// version before or behind a group is kubectl's way to write it, and no part of it.
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
 * A resource as policies name it: `pods`, `deployments.apps`, `rollouts.argoproj.io`. `known` are those whose images
 * are found.
 * @throws {ParameterError} for one that could never be asked about, so that the rule would be no rule.
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
    throw new ParameterError(path, `${JSON.stringify(text)} is nearly ${meant}`, `write ${meant}`);
  }
  const plural = text.split(/[./]/, 1)[0]?.toLowerCase() ?? '';
  const named = meant ?? [...known].find((one) => isPluralOf(one.split('.')[0] ?? '', plural));
  const hint = named === undefined ? `known: ${[...OWN_RESOURCES].join(', ')}` : `write ${named}`;
  throw new ParameterError(path, `${JSON.stringify(text)} is not a resource that holds images`, hint);
}

/** A custom resource that is known, and that a slip of the pen turns into the text. */
function findMeant(text: string, known: ReadonlySet<string>): string | undefined {
  return [...known].find((one) => isCustomResource(one) && isSlipOf(one, text));
}

function isPluralOf(plural: string, word: string): boolean {
  return plural === word || plural.slice(0, -1) === word;
}

/** Whether one character is missing, too many or another, or two have changed places. */
function isSlipOf(meant: string, text: string): boolean {
  const shorter = Math.min(meant.length, text.length);
  let start = 0;
  while (start < shorter && meant[start] === text[start]) start += 1;
  let end = 0;
  while (end < shorter - start && meant.at(-1 - end) === text.at(-1 - end)) end += 1;
  const [left, other] = [meant.slice(start, meant.length - end), text.slice(start, text.length - end)];
  return (left.length <= 1 && other.length <= 1) || (left.length === 2 && other === `${left[1]}${left[0]}`);
}
