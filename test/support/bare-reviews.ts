import type { ImageUse, Usage } from '../../src/image/use.ts';
import type { Review } from '../../src/policy/review.ts';
import type { User } from '../../src/workload/reviewed-object.ts';

/** Facts about an image that a protocol may carry. A missing fact is unknown. */
export interface KnownFacts {
  readonly namespace?: string;
  readonly user?: User;
  readonly resource?: string;
  readonly usage?: Usage;
}

/** All facts: a container of a pod in `team-a`, created by alice. */
export const KNOWN: Required<KnownFacts> = {
  namespace: 'team-a',
  user: { username: 'alice', groups: ['developers', 'system:authenticated'] },
  resource: 'pods',
  usage: 'container',
};

/** A review of these images with exactly these facts. All images are new. */
export function reviewOf(images: string | readonly string[], facts: KnownFacts = KNOWN): Review {
  const changed = [images].flat().map((image): ImageUse => ({
    location: undefined,
    usage: facts.usage,
    container: undefined,
    image,
  }));
  return {
    uid: undefined,
    operation: undefined,
    dryRun: undefined,
    user: facts.user,
    namespace: facts.namespace,
    resource: facts.resource,
    subresource: undefined,
    object: undefined,
    subject: { kind: 'images', changed, kept: [], placeholders: [], template: false, mirrorPod: false },
  };
}
