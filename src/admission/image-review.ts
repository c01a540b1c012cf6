import type { ImageUse } from '../image/use.ts';
import type { Decision } from '../policy/decision.ts';
import type { Review } from '../policy/review.ts';
import { isObject, type Fields } from '../workload/fields.ts';
import { MAX_IMAGES } from '../workload/image-list.ts';
import type { Subject } from '../workload/subject.ts';
import { MalformedReviewError, type Answer, type ReviewExchange, type ReviewProtocol } from './exchange.ts';
import { renderAuditAnnotations, renderDenial } from './message.ts';

const API_VERSION = 'imagepolicy.k8s.io/v1alpha1';
const KIND = 'ImageReview';

/**
 * The protocol of the `ImagePolicyWebhook` admission plugin. It carries images and a namespace, of pods only:
 * no name, operation, old object, user, field or container, and no image volumes.
 * @see https://github.com/kubernetes/api/blob/v0.37.1/imagepolicy/v1alpha1/types.go
 */
export const imageReview: ReviewProtocol = {
  name: 'ImageReview',
  open: openImageReview,
  // It has no uid: any refusal is the answer.
  glimpse: () => respond,
  // Always 200: any other status leaves the verdict to `defaultAllow`.
  reject: ({ code, message }) => answer({ allowed: false, reason: `${code}: ${message}` }),
};

function openImageReview(document: unknown): ReviewExchange {
  if (!isObject(document))
    throw new MalformedReviewError('MALFORMED_REVIEW', 'the body is not an ImageReview object');
  if (document['kind'] !== KIND)
    throw new MalformedReviewError('MALFORMED_REVIEW', 'the body is of another kind than ImageReview');
  if (document['apiVersion'] !== API_VERSION) {
    throw new MalformedReviewError(
      'UNSUPPORTED_VERSION',
      `an ImageReview is understood in ${API_VERSION} only`,
    );
  }
  return { review: decodeReview(document['spec']), respond };
}

function decodeReview(spec: unknown): Review {
  const fields: Fields = isObject(spec) ? spec : {};
  const namespace = fields['namespace'];
  return {
    uid: undefined,
    operation: undefined,
    dryRun: undefined,
    user: undefined,
    namespace: typeof namespace === 'string' ? namespace : undefined,
    resource: 'pods',
    subresource: undefined,
    object: undefined,
    subject: decodeSubject(fields['containers']),
  };
}

function decodeSubject(containers: unknown): Subject {
  if (!Array.isArray(containers)) return malformed('spec.containers is not a list');
  if (containers.length === 0) return malformed('spec.containers is empty');
  if (containers.length > MAX_IMAGES) {
    const reason = `spec.containers holds ${containers.length} images, and ${MAX_IMAGES} are the most that are judged`;
    return {
      kind: 'unreadable',
      code: 'TOO_MANY_IMAGES',
      field: 'spec.containers',
      reason,
      remedy: `use at most ${MAX_IMAGES} images in one pod`,
    };
  }
  const changed: ImageUse[] = [];
  for (const container of containers as unknown[]) {
    const image = isObject(container) ? container['image'] : undefined;
    if (typeof image !== 'string')
      return malformed(`spec.containers[${changed.length}].image is not a string`);
    changed.push({ field: undefined, usage: undefined, container: undefined, image });
  }
  return { kind: 'images', changed, kept: [], placeholders: [], template: false, mirrorPod: false };
}

function malformed(reason: string): Subject {
  return {
    kind: 'unreadable',
    code: 'MALFORMED_OBJECT',
    field: 'spec.containers',
    reason,
    remedy: 'send the images of the pod',
  };
}

/** There is no `warnings` field, so that warnings become audit annotations. */
function respond(decision: Decision): Answer {
  const auditAnnotations = renderAuditAnnotations(decision, true);
  const annotated = auditAnnotations && { auditAnnotations };
  if (decision.outcome === 'admitted') return answer({ allowed: true, ...annotated });
  return answer({ allowed: false, reason: renderDenial(decision), ...annotated });
}

interface ImageReviewStatus {
  readonly allowed: boolean;
  readonly reason?: string;
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

function answer(status: ImageReviewStatus): Answer {
  return { status: 200, body: JSON.stringify({ apiVersion: API_VERSION, kind: KIND, status }) };
}
