export const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;

export type Operation = (typeof OPERATIONS)[number];

/** Who asks, as the API server authenticated them. */
export interface User {
  readonly username: string;
  readonly groups: readonly string[];
}

/**
 * An object and what the API server says of it, all of which the requester cannot forge; the object itself
 * is the requester's own text.
 */
export interface ReviewedObject {
  /** `undefined` for an operation that we have never heard of: read like a CREATE. */
  readonly operation: Operation | undefined;
  /** `''` for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** `''` when the object itself is meant. */
  readonly subresource: string;
  /** `undefined` when nobody says, as in a manifest. */
  readonly namespace: string | undefined;
  readonly user: User | undefined;
  readonly object: unknown;
  readonly oldObject: unknown;
}
