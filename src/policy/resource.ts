import { WORKLOAD_KINDS } from '../workload/kinds.ts';
import { ParameterError } from './parameter-error.ts';

const KNOWN: ReadonlySet<string> = new Set(WORKLOAD_KINDS.map(({ resource }) => resource));

// Groups without a dot are Kubernetes' own, whose kinds we all know: another name there is a slip of the pen. A
// version before or behind a group is kubectl's way to write it, and no part of it.
const CUSTOM = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?){2,}$/;
const VERSION = /^v\d+((alpha|beta)\d+)?$/;

/**
 * A resource as policies name it: `pods`, `deployments.apps`, `rollouts.argoproj.io`.
 * @throws {ParameterError} for one that could never be asked about, so that the rule would be no rule.
 */
export function parseResource(text: string, path: readonly (string | number)[]): string {
  if (KNOWN.has(text)) return text;
  const [name = '', ...group] = text.split('.');
  if (
    CUSTOM.test(text) &&
    text.length <= 253 &&
    !VERSION.test(group[0] ?? '') &&
    !VERSION.test(group.at(-1) ?? '')
  )
    return text;
  const plural = name.split('/')[0]?.toLowerCase() ?? '';
  const meant = [...KNOWN].find((known) => {
    const knownName = known.split('.')[0] ?? '';
    return knownName === plural || knownName.slice(0, -1) === plural;
  });
  const hint = meant === undefined ? `known: ${[...KNOWN].join(', ')}` : `write ${meant}`;
  throw new ParameterError(path, `${JSON.stringify(text)} is not a resource that holds images`, hint);
}
