import { createBouncer } from '../src/bouncer.ts';
import { parsePolicy } from '../src/policy-source/load.ts';
import type { Review } from '../src/policy/review.ts';
import { figure, median, renderTable } from './table.ts';

const RULES = 100;
const IMAGES = 20;

/** Checks of every kind. None objects to the images below, because a rule that objects costs less than one that checks everything. */
const MIXTURE: readonly ((rule: number) => string)[] = [
  (rule) => `disallowedTags: {tags: [latest, nightly, edge-${rule}]}`,
  (rule) =>
    `allowedImages: {images: ["registry-${rule}.example.com/**", "registry.example.com/**", "docker.io/library/*"]}`,
  (rule) =>
    `disallowedImages: {images: ["registry.example.com/legacy-${rule}/**", "evil-${rule}.example.com/**"]}`,
  () => 'allowedTags: {semver: ">=1.0.0 <90.0.0"}',
  () => `allowedTags: {pattern: '[0-9]+\\.[0-9]+\\.[0-9]+(-[a-z0-9]+)?'}`,
];

/** Measures one decision about a pod of 20 images by 100 rules, in this process, for known and new images. */
export async function measurePolicy(decisions: number): Promise<string> {
  const kinds = {
    'mixed rules': MIXTURE,
    'semver rules only': MIXTURE.slice(3, 4),
    'pattern rules only': MIXTURE.slice(4),
  };
  const rows: string[][] = [];
  for (const [name, mixture] of Object.entries(kinds)) {
    const policy = await parsePolicy(renderPolicy(mixture), `${name}.yaml`);
    const bouncer = createBouncer({ policies: { current: () => policy } });
    const time = (review: (decision: number) => Review): number => {
      const times = Array.from({ length: decisions }, (_, decision) => {
        const pod = review(decision);
        const started = performance.now();
        const decided = bouncer.decide(pod, 10_000);
        const took = (performance.now() - started) * 1000;
        if (decided instanceof Promise || decided.outcome !== 'admitted')
          throw new Error(`${name} did not admit`);
        return took;
      });
      return median(times.slice(decisions / 10));
    };
    const fresh = time((decision) => reviewOf(decision + 1));
    const seen = time(() => reviewOf(0));
    rows.push([`${RULES} ${name}`, figure(fresh), figure(seen), figure((fresh * 1000) / RULES / IMAGES)]);
  }
  return renderTable([`${IMAGES} images under`, 'new, µs', 'seen, µs', 'new, ns per rule and image'], rows);
}

function renderPolicy(mixture: readonly ((rule: number) => string)[]): string {
  const rules = Array.from(
    { length: RULES },
    (_, rule) => `  - name: rule-${rule}\n    ${mixture[rule % mixture.length]?.(rule) ?? ''}\n`,
  );
  return `apiVersion: kube-image-bouncer.io/v1alpha1
kind: ImageAdmissionPolicy
metadata: {name: bench}
spec:
  unmatchedImages: Allow
  rules:
${rules.join('')}`;
}

/** A review of a pod whose images are in no other pod. */
function reviewOf(pod: number): Review {
  const changed = Array.from({ length: IMAGES }, (_, index) => ({
    location: { kind: 'value' as const, path: ['spec', 'containers', index, 'image'] },
    usage: 'container' as const,
    container: `container-${index}`,
    image: `registry.example.com/team/app-${index}:1.${index}.${pod}`,
  }));
  return {
    uid: 'bench',
    operation: 'CREATE',
    dryRun: false,
    user: {
      username: 'system:serviceaccount:kube-system:replicaset-controller',
      groups: ['system:authenticated'],
    },
    namespace: 'team-a',
    resource: 'pods',
    subresource: undefined,
    object: 'Pod web',
    subject: { kind: 'images', changed, kept: [], placeholders: [], template: false, mirrorPod: false },
  };
}
