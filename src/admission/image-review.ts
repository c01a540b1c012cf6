import { quote } from '../image/quote.ts';
import type { ImageUse } from '../image/use.ts';
import type { Catalogue } from '../language/catalogue.ts';
import { objection, type Objection } from '../language/objection.ts';
import { phrase } from '../language/phrase.ts';
import type { Decision } from '../policy/decision.ts';
import type { Review } from '../policy/review.ts';
import { fieldsOf, isObject } from '../document/json.ts';
import { MAX_IMAGES } from '../workload/image-list.ts';
import type { Subject } from '../workload/subject.ts';
import type { SubjectErrorCode } from '../workload/image-list.ts';
import { MalformedReviewError, type Answer, type ReviewExchange, type ReviewProtocol } from './exchange.ts';
import type { Say } from './fit.ts';
import { renderAuditAnnotations, renderDenial, renderFailure } from './message.ts';

const API_VERSION = 'imagepolicy.k8s.io/v1alpha1';
const KIND = 'ImageReview';

/**
 * The protocol of the admission plugin `ImagePolicyWebhook`. A review contains the images and the namespace of a
 * pod. It contains no name, operation, old object, user, field or container, and no image volumes.
 * @see https://github.com/kubernetes/api/blob/v0.37.1/imagepolicy/v1alpha1/types.go
 */
export function imageReviewIn({ say }: Catalogue): ReviewProtocol {
  const respond: ReviewExchange['respond'] = (decision) => respondIn(decision, say);
  return {
    name: 'ImageReview',
    open: (document) => ({ review: openImageReview(document), respond }),
    // An ImageReview has no uid, so the answer does not depend on the body.
    respondFromHead: () => respond,
    // Always 200, because `defaultAllow` decides after any other status.
    reject: ({ code, reason }) => answer({ allowed: false, reason: renderFailure(code, reason, say) }),
  };
}

function openImageReview(document: unknown): Review {
  if (!isObject(document)) {
    const reason = phrase('MALFORMED_REVIEW.no-object', { kind: quote(KIND) });
    throw new MalformedReviewError('MALFORMED_REVIEW', reason);
  }
  if (document['kind'] !== KIND) {
    const reason = phrase('MALFORMED_REVIEW.other-kind', { kind: quote(KIND) });
    throw new MalformedReviewError('MALFORMED_REVIEW', reason);
  }
  if (document['apiVersion'] !== API_VERSION) {
    const reason = phrase('UNSUPPORTED_VERSION.image-review', { version: quote(API_VERSION) });
    throw new MalformedReviewError('UNSUPPORTED_VERSION', reason);
  }
  return decodeReview(document['spec']);
}

function decodeReview(spec: unknown): Review {
  const { namespace } = fieldsOf(spec);
  return {
    uid: undefined,
    operation: undefined,
    dryRun: undefined,
    user: undefined,
    namespace: typeof namespace === 'string' ? namespace : undefined,
    resource: 'pods',
    subresource: undefined,
    object: undefined,
    subject: decodeSubject(spec),
  };
}

/**
 * The real client writes JSON with `omitempty`: it leaves out an empty list, an empty image and an empty namespace. A
 * review without images comes from an update of `pods/ephemeralcontainers` that leaves no container.
 */
function decodeSubject(spec: unknown): Subject {
  if (!isObject(spec))
    return refusePod('spec', objection('MALFORMED_OBJECT.review-no-object', { field: quote('spec') }));
  const containers = spec['containers'] ?? [];
  const field = quote('spec.containers');
  if (!Array.isArray(containers))
    return refusePod('spec.containers', objection('MALFORMED_OBJECT.review-no-list', { field }));
  const count = containers.length;
  if (count === 0) return { kind: 'imageless' };
  if (count > MAX_IMAGES)
    return refusePod('spec.containers', objection('TOO_MANY_IMAGES.pod', { field, count, max: MAX_IMAGES }));
  const changed: ImageUse[] = [];
  for (const container of containers as unknown[]) {
    const image = isObject(container) ? (container['image'] ?? '') : undefined;
    if (typeof image !== 'string') {
      const place = quote(`spec.containers[${changed.length}].image`);
      return refusePod('spec.containers', objection('MALFORMED_OBJECT.review-no-string', { field: place }));
    }
    changed.push({ location: undefined, usage: undefined, container: undefined, image });
  }
  return { kind: 'images', changed, kept: [], placeholders: [], template: false, mirrorPod: false };
}

function refusePod(field: string, wrong: Objection<SubjectErrorCode>): Subject {
  return { kind: 'unreadable', field, ...wrong };
}

/** The protocol has no field for warnings, so warnings become audit annotations. */
function respondIn(decision: Decision, say: Say): Answer {
  const auditAnnotations = renderAuditAnnotations(decision, true, say);
  const annotated = auditAnnotations && { auditAnnotations };
  if (decision.outcome === 'admitted') return answer({ allowed: true, ...annotated });
  return answer({ allowed: false, reason: renderDenial(decision, say), ...annotated });
}

interface ImageReviewStatus {
  readonly allowed: boolean;
  readonly reason?: string;
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

function answer(status: ImageReviewStatus): Answer {
  return { status: 200, body: JSON.stringify({ apiVersion: API_VERSION, kind: KIND, status }) };
}
