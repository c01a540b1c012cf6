import { quote } from '../image/quote.ts';
import type { Catalogue } from '../language/catalogue.ts';
import { objection, type Objection } from '../language/objection.ts';
import { phrase } from '../language/phrase.ts';
import type { Decision, Violation } from '../policy/decision.ts';
import type { Review } from '../policy/review.ts';
import { isObject, type Fields } from '../document/json.ts';
import { findWorkloadKind } from '../workload/kinds.ts';
import { findOwner, type Owner } from '../workload/owner.ts';
import { OPERATIONS, type Operation, type User } from '../workload/reviewed-object.ts';
import type { UnreadObject } from '../workload/subject.ts';
import type { UnreadableObject } from '../workload/image-list.ts';
import {
  MalformedReviewError,
  type Answer,
  type MalformedReviewCode,
  type ReviewExchange,
  type ReviewProtocol,
} from './exchange.ts';
import type { Say } from './fit.ts';
import { renderAuditAnnotations, renderDenial, renderStatusMessage, renderWarnings } from './message.ts';
import { readReviewHead, type ReviewHead } from './review-head.ts';
import { fieldOf } from '../image/use.ts';

const GROUP = 'admission.k8s.io/';
const KIND = 'AdmissionReview';

/** A uid is a UUID of 36 characters. A longer text than this is refused (F18). */
const UID_CHARACTERS = 256;

/** The version is copied into the answer. `admission.k8s.io/v1beta1` has 24 characters. */
const VERSION_CHARACTERS = 64;

/** Maximum number of causes that a denial lists for programs. */
const MAX_CAUSES = 64;

/**
 * The protocol of validating and mutating admission webhooks, `v1` and `v1beta1`, whose documents look alike.
 * @see https://github.com/kubernetes/api/blob/v0.37.1/admission/v1/types.go
 */
export function admissionReviewIn({ say }: Catalogue): ReviewProtocol {
  return {
    name: 'AdmissionReview',
    open: (document) => openAdmissionReview(document, say),
    respondFromHead: (head) => {
      const found = readReviewHead(head);
      return found && ((decision) => answer(found, decision, say));
    },
    // Without a uid no review can be answered. The API server treats any status except 2xx as a failed call.
    reject: ({ code, reason }) => ({
      status: statusOf(code),
      body: JSON.stringify({ error: { code, message: say(reason) } }),
    }),
  };
}

function openAdmissionReview(document: unknown, say: Say): ReviewExchange {
  if (!isObject(document)) {
    const reason = phrase('MALFORMED_REVIEW.no-object', { kind: quote(KIND) });
    throw new MalformedReviewError('MALFORMED_REVIEW', reason);
  }
  const { apiVersion, kind, request } = document;
  if (kind !== KIND) {
    const reason = phrase('MALFORMED_REVIEW.other-kind', { kind: quote(KIND) });
    throw new MalformedReviewError('MALFORMED_REVIEW', reason);
  }
  if (
    typeof apiVersion !== 'string' ||
    !apiVersion.startsWith(GROUP) ||
    apiVersion.length > VERSION_CHARACTERS
  ) {
    throw new MalformedReviewError('UNSUPPORTED_VERSION', phrase('UNSUPPORTED_VERSION.admission-review'));
  }
  const uid = isObject(request) ? request['uid'] : undefined;
  if (!isObject(request) || typeof uid !== 'string' || uid === '' || uid.length > UID_CHARACTERS) {
    throw new MalformedReviewError('MALFORMED_REVIEW', phrase('MALFORMED_REVIEW.no-uid'));
  }
  const known = apiVersion === 'admission.k8s.io/v1' || apiVersion === 'admission.k8s.io/v1beta1';
  const review = decodeReview(uid, request, known ? undefined : apiVersion);
  const owner = findOwner(request['object']);
  return { review, respond: (decision) => answer({ apiVersion, uid }, decision, say, owner) };
}

/**
 * Must not throw, because the review has a uid and can be answered. It does not read the object, which may be nested
 * deeper than the stack allows (F03); the core reads it.
 */
function decodeReview(uid: string, request: Fields, unknownVersion: string | undefined): Review {
  const kind = decodeGroupVersion(request['kind'], 'kind');
  const { operation, namespace, subResource, dryRun } = request;
  const facts = {
    uid,
    operation: isOperation(operation) ? operation : undefined,
    dryRun: typeof dryRun === 'boolean' ? dryRun : undefined,
    user: decodeUser(request['userInfo']),
    namespace: typeof namespace === 'string' ? namespace : '',
    subresource: typeof subResource === 'string' ? subResource : '',
  };
  const subject =
    unknownVersion === undefined
      ? decodeSubject(kind, facts, request)
      : malformed(objection('MALFORMED_OBJECT.version', { version: quote(unknownVersion) }));
  return {
    ...facts,
    resource: resourceOf(kind, request['resource']),
    object: kind && renderObject(kind.name, request),
    subject,
  };
}

type KnownFacts = Pick<Review, 'operation' | 'user' | 'namespace'> & { readonly subresource: string };

function decodeSubject(
  kind: GroupVersion | undefined,
  facts: KnownFacts,
  request: Fields,
): UnreadObject | UnreadableObject {
  if (kind === undefined) return malformed(objection('MALFORMED_OBJECT.request-kind'));
  const { operation, user, namespace, subresource } = facts;
  const { group, version, name } = kind;
  const { object, oldObject } = request;
  return {
    kind: 'unread',
    reviewed: { operation, group, version, kind: name, subresource, namespace, user, object, oldObject },
  };
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
  /** The kind, or the plural resource. */
  readonly name: string;
}

function decodeGroupVersion(value: unknown, key: 'kind' | 'resource'): GroupVersion | undefined {
  if (!isObject(value)) return undefined;
  const { group = '', version } = value;
  const name = value[key];
  if (typeof group !== 'string' || typeof version !== 'string' || typeof name !== 'string') return undefined;
  return { group, version, name };
}

/** The resource as policies name it: with the group that serves it today, whichever group was requested. */
function resourceOf(kind: GroupVersion | undefined, resource: unknown): string | undefined {
  const workload = kind && findWorkloadKind(kind.group, kind.name);
  if (workload !== undefined) return workload.resource;
  const requested = decodeGroupVersion(resource, 'resource');
  if (requested === undefined) return undefined;
  return requested.group === '' ? requested.name : `${requested.name}.${requested.group}`;
}

function decodeUser(userInfo: unknown): User | undefined {
  if (!isObject(userInfo)) return undefined;
  const { username, groups = [] } = userInfo;
  if (typeof username !== 'string' || !Array.isArray(groups)) return undefined;
  return { username, groups: groups.filter((group): group is string => typeof group === 'string') };
}

function isOperation(value: unknown): value is Operation {
  return (OPERATIONS as readonly unknown[]).includes(value);
}

function renderObject(kind: string, request: Fields): string {
  const object = isObject(request['object']) ? request['object'] : request['oldObject'];
  const metadata = isObject(object) ? object['metadata'] : undefined;
  const { name, generateName } = isObject(metadata) ? metadata : {};
  // An object with generateName may have no name yet.
  const shown = [request['name'], name, generateName].find((text) => typeof text === 'string' && text !== '');
  return typeof shown === 'string' ? `${quote(kind)} ${quote(shown, 253)}` : quote(kind);
}

function malformed(wrong: Objection<'MALFORMED_OBJECT'>): UnreadableObject {
  return { kind: 'unreadable', field: 'request', ...wrong };
}

function answer({ apiVersion, uid }: ReviewHead, decision: Decision, say: Say, owner?: Owner): Answer {
  const warnings = renderWarnings(decision, say);
  const auditAnnotations = renderAuditAnnotations(decision, false, say);
  const response = {
    uid,
    allowed: decision.outcome === 'admitted',
    ...(decision.outcome !== 'admitted' && { status: renderStatus(decision, say, owner) }),
    ...(warnings.length > 0 && { warnings }),
    ...(auditAnnotations && { auditAnnotations }),
  };
  return { status: 200, body: JSON.stringify({ apiVersion, kind: KIND, response }) };
}

/** @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
function renderStatus(decision: Decision, say: Say, owner: Owner | undefined): object {
  const causes = decision.violations
    .filter(({ actions }) => actions.includes('Deny'))
    .slice(0, MAX_CAUSES)
    .map((violation) => renderStatusCause(violation, say));
  return {
    status: 'Failure',
    code: 403,
    reason: 'Forbidden',
    message: renderDenial(decision, say, owner),
    ...(causes.length > 0 && { details: { causes } }),
  };
}

/** @see https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#statuscause-v1-meta */
function renderStatusCause(violation: Violation, say: Say): object {
  const { code, use } = violation;
  const message = renderStatusMessage(violation, say);
  const field = use && fieldOf(use);
  return field === undefined ? { reason: code, message } : { reason: code, message, field };
}

function statusOf(code: MalformedReviewCode): 400 | 413 | 415 {
  if (code === 'BODY_TOO_LARGE') return 413;
  return code === 'UNSUPPORTED_MEDIA_TYPE' ? 415 : 400;
}
