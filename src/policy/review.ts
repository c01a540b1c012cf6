import type { Operation, User } from '../workload/reviewed-object.ts';
import type { Subject, UnreadObject } from '../workload/subject.ts';

/**
 * A request, independent of its protocol: may this object have these images? A value that the protocol does not carry is
 * `undefined`. Unknown is not permission: a rule whose `match` needs the value applies, an `exclude` that needs it does
 * not.
 */
export interface Review {
  /** The caller's id of this request. The answer repeats it. */
  readonly uid: string | undefined;
  readonly operation: Operation | undefined;
  readonly dryRun: boolean | undefined;
  readonly user: User | undefined;
  /** `''` for an object outside of all namespaces. */
  readonly namespace: string | undefined;
  /** Plural with its group, as policies write it: `pods`, `deployments.apps`. */
  readonly resource: string | undefined;
  /** `''` for a request about the object itself. */
  readonly subresource: string | undefined;
  /** Kind and name for people and logs, such as `Deployment web`; never matched on. */
  readonly object: string | undefined;
  /** The object, not read yet, because the policy has the table of kinds; or the images of a protocol without objects. */
  readonly subject: Subject | UnreadObject;
}
