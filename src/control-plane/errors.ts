export type ControlPlaneErrorCode =
  | 'NODE_FILE_UNREADABLE'
  | 'NODE_FILE_UNWRITABLE'
  | 'API_SERVER_MANIFEST_INVALID'
  | 'ADMISSION_CONFIGURATION_INVALID'
  | 'GATE_KUBECONFIG_INVALID'
  | 'KEY_EXISTS'
  | 'CHANGED_SINCE'
  | 'UNDO_RECORD_INVALID'
  | 'NOTHING_TO_UNDO'
  | 'GATE_NOT_READY'
  | 'API_SERVER_NOT_READY';

/** A file of a control-plane node is not what it must be, or cannot be changed. Where it has lines, the message begins with `file:line:column`. */
export class ControlPlaneError extends Error {
  override readonly name = 'ControlPlaneError';
  readonly code: ControlPlaneErrorCode;

  constructor(code: ControlPlaneErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
