/** The codes of requests that are refused before a protocol reads them. */
type RequestErrorCode =
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'CLIENT_NOT_ALLOWED'
  | 'MALFORMED_REQUEST'
  | 'HEADERS_TOO_LARGE'
  | 'REQUEST_TIMEOUT';

/** A response: status and JSON document. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  /** The allowed methods, for status 405. */
  readonly allow?: string;
}

/** A response after which the connection closes, with the code for the metrics. */
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

/** A refusal that belongs to no protocol. It is never a redirect, because the API server would follow it (CVE-2020-8561). */
function refusalOf(code: RequestErrorCode, message: string): Refusal {
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
  'the client certificate has none of the allowed names',
);
export const HEADERS_TOO_LARGE = refusalOf(
  'HEADERS_TOO_LARGE',
  'the request has too many headers, or headers that are too long',
);
export const MALFORMED_REQUEST = refusalOf('MALFORMED_REQUEST', 'the request is not HTTP/1.1');
export const REQUEST_TIMEOUT = refusalOf('REQUEST_TIMEOUT', 'the request was sent too slowly');
