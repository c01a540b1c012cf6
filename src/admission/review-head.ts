/** The values of a review that its answer needs. */
export interface ReviewHead {
  readonly apiVersion: string;
  readonly uid: string;
}

/** More than the longest head. Bytes after it are not read. */
export const HEAD_BYTES = 256;

// The exact form of Go's encoder: no white space, TypeMeta first, and the uid, a UUID, as the first field of the request.
const HEAD =
  /^\{"kind":"AdmissionReview","apiVersion":"(admission\.k8s\.io\/v1(?:beta1)?)","request":\{"uid":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",/;

/**
 * Reads version and uid of an `AdmissionReview` without parsing its body; `undefined` for a body in another form than that of
 * the API server. It is used to refuse and never to decide: a body that continues differently (a second `uid`, or no JSON)
 * gets a refusal with a uid that its sender does not expect, and nothing else.
 */
export function readReviewHead(body: Buffer): ReviewHead | undefined {
  const [, apiVersion, uid] = HEAD.exec(body.toString('latin1', 0, HEAD_BYTES)) ?? [];
  return apiVersion === undefined || uid === undefined ? undefined : { apiVersion, uid };
}
