export const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;

export type Operation = (typeof OPERATIONS)[number];

/** The user of a request, as the API server authenticated it. */
export interface User {
  readonly username: string;
  readonly groups: readonly string[];
}

/**
 * An object, which the requester wrote, and the facts that the API server sends with it. The requester cannot forge these
 * facts.
 */
export interface ReviewedObject {
  /** `undefined` for an unknown operation, which is treated like a CREATE. */
  readonly operation: Operation | undefined;
  /** `''` for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** `''` if the request is about the object itself. */
  readonly subresource: string;
  /** `undefined` if it is unknown, as for a manifest. */
  readonly namespace: string | undefined;
  readonly user: User | undefined;
  readonly object: unknown;
  readonly oldObject: unknown;
}
