import { CodedError } from '../coded-error.ts';

type RecoveryErrorCode =
  /** What was named as the thing that locks is not there. */
  | 'BLOCKER_NOT_FOUND'
  /** The file that was given to undo is no record of a recovery. */
  | 'RECOVERY_RECORD_INVALID'
  /** What a recovery left behind has been changed by somebody else, so that putting back what was before would undo that as well. */
  | 'CHANGED_SINCE_RECOVERY';

/** A way out could not be looked for, or not be undone. */
export class RecoveryError extends CodedError<RecoveryErrorCode> {
  override readonly name = 'RecoveryError';
}
