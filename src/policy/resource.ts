import { WORKLOAD_KINDS } from '../workload/kinds.ts';
import { ParameterError } from './rule.ts';

const KNOWN: ReadonlySet<string> = new Set(WORKLOAD_KINDS.map(({ resource }) => resource));

/** Groups whose kinds we all know: another name there is a slip of the pen. Custom resources have other groups. */
const OWN_GROUPS: ReadonlySet<string> = new Set(['', 'apps', 'batch', 'extensions']);

/**
 * A resource as policies name it: `pods`, `deployments.apps`, `rollouts.argoproj.io`.
 * @throws {ParameterError} for one that could never be asked about, so that the rule would be no rule.
 */
export function parseResource(text: string, path: readonly (string | number)[]): string {
  if (KNOWN.has(text)) return text;
  const [plural = '', ...rest] = text.split('.');
  const group = rest.join('.');
  if (/^[a-z0-9]+(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text) && !OWN_GROUPS.has(group)) return text;
  const meant = [...KNOWN].find(
    (known) => known.split('.')[0] === plural || singularOf(known) === plural.toLowerCase(),
  );
  const hint = meant === undefined ? `known: ${[...KNOWN].join(', ')}` : `write ${meant}`;
  throw new ParameterError(path, `${JSON.stringify(text)} is not a resource that holds images`, hint);
}

function singularOf(resource: string): string {
  return (resource.split('.')[0] ?? '').slice(0, -1);
}
