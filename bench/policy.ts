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

/** Rules and patterns of each rule; the second policy has almost 1 MiB. */
const LARGE = {
  '300 rules of 5 patterns': [300, 5],
  '1,000 rules of 17 patterns': [1000, 17],
} as const;
const LARGE_IMAGES = 500;
const LARGE_REVIEWS = 40;

/** Measures the CPU of one decision about 500 new images under large policies, in this process. */
export async function measureLargePolicies(): Promise<string> {
  const rows: string[][] = [];
  for (const [name, [rules, patterns]] of Object.entries(LARGE)) {
    const text = renderLargePolicy(rules, patterns);
    const policy = await parsePolicy(text, 'large.json');
    const bouncer = createBouncer({ policies: { current: () => policy } });
    const times = Array.from({ length: LARGE_REVIEWS }, (_, number) => {
      const images = Array.from(
        { length: LARGE_IMAGES },
        (_image, index) => `registry.example.com/team-7/app-${number}-${index}:1.0`,
      );
      const before = process.cpuUsage();
      const decided = bouncer.decide(reviewOfImages(images, 'team-7'), 10_000);
      const { user, system } = process.cpuUsage(before);
      if (decided instanceof Promise || decided.outcome !== 'admitted')
        throw new Error(`${name} did not admit`);
      return (user + system) / 1000;
    });
    rows.push([name, figure(text.length / 1000), figure(median(times)), figure(Math.max(...times))]);
  }
  return renderTable([`${LARGE_IMAGES} new images under`, 'kB', 'CPU ms, median', 'CPU ms, highest'], rows);
}

/** A rule for each team and its namespace. */
function renderLargePolicy(rules: number, patterns: number): string {
  const rulesOfTeams = Array.from({ length: rules }, (_, team) => ({
    name: `team-${team}`,
    match: { namespaces: [`team-${team}`] },
    allowedImages: {
      images: [
        `registry.example.com/team-${team}/**`,
        ...Array.from(
          { length: patterns - 1 },
          (_pattern, number) => `registry-${number}.example.com/teams/team-${team}/app-${number}-*`,
        ),
      ],
    },
  }));
  return JSON.stringify({
    apiVersion: 'kube-image-bouncer.io/v1alpha1',
    kind: 'ImageAdmissionPolicy',
    metadata: { name: 'large' },
    spec: { unmatchedImages: 'Deny', rules: rulesOfTeams },
  });
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
  const images = Array.from(
    { length: IMAGES },
    (_, index) => `registry.example.com/team/app-${index}:1.${index}.${pod}`,
  );
  return reviewOfImages(images, 'team-a');
}

function reviewOfImages(images: readonly string[], namespace: string): Review {
  const changed = images.map((image, index) => ({
    location: { kind: 'value' as const, path: ['spec', 'containers', index, 'image'] },
    usage: 'container' as const,
    container: `container-${index}`,
    image,
  }));
  return {
    uid: 'bench',
    operation: 'CREATE',
    dryRun: false,
    user: {
      username: 'system:serviceaccount:kube-system:replicaset-controller',
      groups: ['system:authenticated'],
    },
    namespace,
    resource: 'pods',
    subresource: undefined,
    object: 'Pod web',
    subject: { kind: 'images', changed, kept: [], placeholders: [], template: false, mirrorPod: false },
  };
}
