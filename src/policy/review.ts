import type { Operation, User } from '../workload/reviewed-object.ts';
import type { Subject, UnreadObject } from '../workload/subject.ts';

/**
 * The protocol-free question: may these images stand in this object? What the protocol that asked does not
 * carry is `undefined`, and unknown is not permission: a rule whose `match` needs the fact applies, an
 * `exclude` that needs it does not.
 */
export interface Review {
  /** The caller's id of this question; answers echo it. */
  readonly uid: string | undefined;
  readonly operation: Operation | undefined;
  readonly dryRun: boolean | undefined;
  readonly user: User | undefined;
  /** `''` for an object that belongs to no namespace. */
  readonly namespace: string | undefined;
  /** Plural with its group, as policies write it: `pods`, `deployments.apps`. */
  readonly resource: string | undefined;
  /** `''` when the object itself is meant. */
  readonly subresource: string | undefined;
  /** Kind and name for people and logs, such as `Deployment web`; never matched on. */
  readonly object: string | undefined;
  /** The object, which is read by the kinds that the policy knows; or what a protocol says that carries no object. */
  readonly subject: Subject | UnreadObject;
}
