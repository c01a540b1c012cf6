export type CertificateErrorCode =
  | 'CERTIFICATE_UNREADABLE'
  | 'CERTIFICATE_NOT_CURRENT'
  | 'KEY_UNREADABLE'
  | 'KEY_MISMATCH'
  | 'NAME_INVALID'
  | 'NOT_AN_AUTHORITY'
  | 'AUTHORITY_EXPIRED'
  | 'AUTHORITY_INCOMPLETE'
  | 'AUTHORITY_CONFLICT'
  | 'ADDRESS_UNREACHABLE'
  | 'ROTATION_STOPPED'
  | 'ROTATION_IMPOSSIBLE'
  | 'STATE_FOLDER_UNWRITABLE';

/** A certificate, a key or their folder is not what it must be. Its message never quotes key material. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
