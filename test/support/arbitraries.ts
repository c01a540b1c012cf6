import * as fc from 'fast-check';
import { WORKLOAD_KINDS } from '../../src/workload/kinds.ts';
import type { NamelessRule } from './policies.ts';
import { BAD, GOOD, podSpec, workload, type KubernetesObject, type PodImages } from './pods.ts';
import { RULE_EXAMPLES } from './rule-examples.ts';

/** Makes the same cases in every run. A failure prints the path that repeats the case. */
export const FIXED = { seed: 20_260_101, numRuns: 600 } as const;

const EXAMPLES = Object.values(RULE_EXAMPLES).flat();

/** Images of all kinds, and texts that are not images. */
export const images = fc.constantFrom(
  ...new Set([GOOD, BAD, ...EXAMPLES.flatMap(({ refuses, admits }) => [refuses, admits])]),
  'NGINX',
  '',
  ' ',
  '$(image)',
);

const names = fc.constantFrom('web', 'side', 'first', 'constructor', '__proto__', 'a'.repeat(70));
const list = fc.dictionary(names, images, { maxKeys: 3 });

/** Images in any of the lists of a pod. */
export const podImages: fc.Arbitrary<PodImages> = fc.record(
  { containers: list, initContainers: list, ephemeralContainers: list, volumes: list },
  { requiredKeys: [] },
);

/** An object of any built-in kind, in any API version that ever served it. */
export const kinds: fc.Arbitrary<(spec: object) => KubernetesObject> = fc
  .constantFrom(
    ...WORKLOAD_KINDS.flatMap(({ kind, served, podSpec }) =>
      served.map((apiVersion) => ({ kind, apiVersion, path: podSpec.join('.') })),
    ),
  )
  .map(
    ({ kind, apiVersion, path }) =>
      (spec) =>
        workload(apiVersion, kind, path, spec),
  );

/** An object of any kind with images of all kinds, also in lists that this kind should not have. */
export const objects: fc.Arbitrary<KubernetesObject> = fc
  .tuple(kinds, podImages)
  .map(([of, parts]) => of({ ephemeralContainers: [], ...podSpec(parts) }));

const checks = fc.constantFrom(...EXAMPLES.map(({ rule }) => rule));

const selectors = fc.constantFrom<NonNullable<NamelessRule['match']>>(
  { images: ['registry.example.com/**'] },
  { usages: ['initContainer', 'imageVolume'] },
  { namespaces: ['team-*'] },
  { namespaces: ['prod'] },
  { users: ['alice'] },
  { groups: ['strangers'] },
  { resources: ['pods'] },
  { images: ['docker.io/library/*'], usages: ['container'] },
);

/** Any rule that denies, warns or audits. */
export const rules: fc.Arbitrary<NamelessRule> = fc
  .tuple(
    checks,
    // An exclusion of everything that the rule matches is an error.
    fc
      .record({ match: selectors, exclude: selectors }, { requiredKeys: [] })
      .filter(({ match, exclude }) => exclude === undefined || match !== exclude),
    fc.constantFrom<NamelessRule['validationActions'] & object>(
      ['Deny'],
      ['Warn'],
      ['Audit'],
      ['Warn', 'Audit'],
    ),
  )
  .map(([check, places, validationActions]) => Object.assign({ validationActions }, check, places));
