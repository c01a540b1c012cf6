import type { RuleKey } from '../../src/policy/rules/index.ts';
import type { NamelessRule } from './policies.ts';

/** A rule with an image that it refuses and one that it admits. */
interface RuleExample {
  readonly rule: NamelessRule;
  readonly refuses: string;
  readonly admits: string;
}

const DIGEST = `sha256:${'0'.repeat(64)}`;

/**
 * At least one example for each kind of rule. The tests of the decoder run each example. The generators of
 * `arbitraries.ts` use their rules and images.
 */
export const RULE_EXAMPLES: Readonly<Record<RuleKey, readonly [RuleExample, ...RuleExample[]]>> = {
  disallowedTags: [
    { rule: { disallowedTags: { tags: ['latest'] } }, refuses: 'nginx', admits: 'nginx:1.27' },
    { rule: { disallowedTags: { tags: ['dev'] } }, refuses: 'nginx:dev', admits: 'nginx' },
    {
      rule: { disallowedTags: { pattern: '.*-SNAPSHOT' } },
      refuses: 'ghcr.io/acme/app:2.0.0-SNAPSHOT',
      admits: 'nginx:1.27',
    },
  ],
  allowedTags: [
    {
      rule: { allowedTags: { semver: '>=1.0.0' } },
      refuses: 'nginx:1.27',
      admits: 'ghcr.io/acme/app:2.0.0',
    },
    {
      rule: { allowedTags: { tags: ['1.0', 'v1', 'latest'] } },
      refuses: 'nginx:1.27',
      admits: 'registry.example.com/team/app:v1',
    },
    { rule: { allowedTags: { pattern: '[0-9.]+' } }, refuses: 'nginx', admits: 'nginx:1.27' },
    {
      rule: { allowedTags: { tags: ['1.0'], withDigest: 'Allow' } },
      refuses: 'nginx:1.27',
      admits: `nginx:latest@${DIGEST}`,
    },
  ],
  allowedImages: [
    {
      rule: { allowedImages: { images: ['registry.example.com/**', 'docker.io/library/*'] } },
      refuses: 'ghcr.io/acme/app:2.0.0',
      admits: 'nginx',
    },
  ],
  disallowedImages: [
    {
      rule: { disallowedImages: { images: ['docker.io/evil/**'] } },
      refuses: 'docker.io/evil/x:1',
      admits: 'nginx',
    },
  ],
  requiredDigest: [{ rule: { requiredDigest: {} }, refuses: 'nginx', admits: `nginx:latest@${DIGEST}` }],
  requireFullyQualified: [
    { rule: { requireFullyQualified: {} }, refuses: 'nginx', admits: 'docker.io/evil/x:1' },
  ],
};
