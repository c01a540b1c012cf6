import { CodedError } from '../coded-error.ts';

type ControlPlaneErrorCode =
  | 'NODE_FILE_UNREADABLE'
  | 'NODE_FILE_UNWRITABLE'
  | 'API_SERVER_MANIFEST_INVALID'
  | 'ADMISSION_CONFIGURATION_INVALID'
  | 'GATE_KUBECONFIG_INVALID'
  | 'NODE_OWNED'
  | 'KEY_EXISTS'
  | 'CHANGED_SINCE'
  | 'UNDO_RECORD_INVALID'
  | 'NOTHING_TO_UNDO'
  | 'RESTORE_INCOMPLETE'
  | 'GATE_NOT_READY'
  | 'API_SERVER_NOT_READY';

/** A file of a control-plane node is invalid or cannot be changed. For a text file the message begins with `file:line:column`. */
export class ControlPlaneError extends CodedError<ControlPlaneErrorCode> {
  override readonly name = 'ControlPlaneError';
}
