/** Whom a review is to be answered, as far as its first bytes tell. */
export interface ReviewHead {
  readonly apiVersion: string;
  readonly uid: string;
}

/** More than the longest head has; what is behind it is not looked at. */
export const HEAD_BYTES = 256;

// Exactly as Go marshals it: no white space, TypeMeta first, and of the request the uid first, which is a UUID.
const HEAD =
  /^\{"kind":"AdmissionReview","apiVersion":"(admission\.k8s\.io\/v1(?:beta1)?)","request":\{"uid":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",/;

/**
 * The head of an `AdmissionReview` without its body being parsed; `undefined` for whatever the API server does not
 * write. It serves to refuse and never to decide: a body that goes on otherwise than it begins (a second `uid`, no
 * JSON at all) gets its refusal under a name that its sender does not wait for, and nothing else.
 */
export function readReviewHead(body: Buffer): ReviewHead | undefined {
  const [, apiVersion, uid] = HEAD.exec(body.toString('latin1', 0, HEAD_BYTES)) ?? [];
  return apiVersion === undefined || uid === undefined ? undefined : { apiVersion, uid };
}
