import { createBouncer } from '../../bouncer.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { KubernetesError } from '../../kubernetes/errors.ts';
import type { KubernetesObject } from '../../kubernetes/object.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Review } from '../../policy/review.ts';
import { isObject } from '../../document/json.ts';

/** Maximum number of pods to search for a good image. One page of the list is enough. */
const MOST_PODS = 200;

/** Maximum number of running images to try if the policy is unknown. */
const MOST_TRIALS = 3;

const UNHURRIED_MS = 60_000;

/** Images that the gate should admit: the given image, otherwise a running image that the policy admits. */
export async function chooseGoodImages(
  client: KubernetesClient,
  policy: Policy | undefined,
  named: string | undefined,
): Promise<readonly string[]> {
  if (named !== undefined) return [named];
  const running = new Set<string>();
  try {
    let pods = 0;
    for await (const pod of client.list({ apiVersion: 'v1', kind: 'Pod' })) {
      for (const image of imagesOf(pod)) running.add(image);
      pods += 1;
      if (pods >= MOST_PODS) break;
    }
  } catch (error) {
    // Without the right to list pods, the user can still name an image.
    if (error instanceof KubernetesError && error.code === 'CLUSTER_REFUSED') return [];
    throw error;
  }
  if (policy === undefined) return [...running].slice(0, MOST_TRIALS);
  for (const image of running) if (await isAdmitted(policy, image)) return [image];
  return [];
}

function imagesOf({ spec }: KubernetesObject): readonly string[] {
  const containers = isObject(spec) && Array.isArray(spec['containers']) ? spec['containers'] : [];
  return containers.flatMap((container: unknown) =>
    isObject(container) && typeof container['image'] === 'string' ? [container['image']] : [],
  );
}

/** The review has no user, so every rule about users applies. An image that it admits is also admitted for the user of doctor. */
async function isAdmitted(policy: Policy, image: string): Promise<boolean> {
  const known = { operation: 'CREATE', subresource: '', user: undefined, namespace: undefined } as const;
  const object = { apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'canary', image }] } };
  const review: Review = {
    ...known,
    uid: undefined,
    dryRun: true,
    resource: 'pods',
    object: undefined,
    subject: {
      kind: 'unread',
      reviewed: { ...known, group: '', version: 'v1', kind: 'Pod', object, oldObject: undefined },
    },
  };
  const bouncer = createBouncer({ policies: { current: () => policy } });
  return (await bouncer.decide(review, UNHURRIED_MS)).outcome === 'admitted';
}
