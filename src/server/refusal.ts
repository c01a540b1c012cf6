/** Why a request was refused before any protocol saw it. */
export type RequestErrorCode =
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'CLIENT_NOT_ALLOWED'
  | 'MALFORMED_REQUEST'
  | 'HEADERS_TOO_LARGE'
  | 'REQUEST_TIMEOUT';

/** What goes back to the caller: a status and a JSON document. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  /** Methods that would have been right, for a 405. */
  readonly allow?: string;
}

/** A reply that closes the connection, with the code to count it under. */
export interface Refusal extends Reply {
  readonly code: string;
}

const STATUSES = {
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CLIENT_NOT_ALLOWED: 403,
  MALFORMED_REQUEST: 400,
  HEADERS_TOO_LARGE: 431,
  REQUEST_TIMEOUT: 408,
} as const satisfies Record<RequestErrorCode, number>;

/** A refusal in no protocol's words. It is never a redirect: the API server would follow it (CVE-2020-8561). */
export function refusalOf(code: RequestErrorCode, message: string): Refusal {
  const refusal = { status: STATUSES[code], code, body: JSON.stringify({ code, message }) };
  return code === 'METHOD_NOT_ALLOWED' ? { ...refusal, allow: 'POST' } : refusal;
}

export const NOT_FOUND = refusalOf(
  'NOT_FOUND',
  'reviews are answered at /image_policy, /image-policy, / and /validate',
);
export const METHOD_NOT_ALLOWED = refusalOf('METHOD_NOT_ALLOWED', 'reviews are sent by POST');
export const CLIENT_NOT_ALLOWED = refusalOf(
  'CLIENT_NOT_ALLOWED',
  'the client certificate bears none of the names that may ask',
);
export const HEADERS_TOO_LARGE = refusalOf(
  'HEADERS_TOO_LARGE',
  'the request has too many headers, or too long ones',
);
export const MALFORMED_REQUEST = refusalOf('MALFORMED_REQUEST', 'the request is not HTTP/1.1');
export const REQUEST_TIMEOUT = refusalOf('REQUEST_TIMEOUT', 'the request came too slowly');
