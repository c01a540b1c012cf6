import { CodedError } from '../coded-error.ts';

type RecoveryErrorCode =
  /** A configuration, namespace or file that the caller named does not exist, or does not wire a gate. */
  | 'BLOCKER_NOT_FOUND'
  /** The file of `--undo` is not a record of a recovery. */
  | 'RECOVERY_RECORD_INVALID'
  /** An object or a file was changed again after the recovery. Undoing the recovery would undo that change too. */
  | 'CHANGED_SINCE_RECOVERY';

/** A recovery is not possible, or it cannot be undone. */
export class RecoveryError extends CodedError<RecoveryErrorCode> {
  override readonly name = 'RecoveryError';
}
