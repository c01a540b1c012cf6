import { CodedError } from '../coded-error.ts';

type CertificateErrorCode =
  | 'CERTIFICATE_UNREADABLE'
  | 'CERTIFICATE_NOT_CURRENT'
  | 'CERTIFICATE_NOT_FOR_SERVING'
  | 'KEY_UNREADABLE'
  | 'KEY_MISMATCH'
  | 'NAME_INVALID'
  | 'NOT_AN_AUTHORITY'
  | 'AUTHORITY_EXPIRED'
  | 'AUTHORITY_INCOMPLETE'
  | 'AUTHORITY_CONFLICT'
  | 'ADDRESS_UNREACHABLE'
  | 'PLACE_UNREADABLE'
  | 'ROTATION_STOPPED'
  | 'ROTATION_IMPOSSIBLE'
  | 'STATE_FOLDER_UNWRITABLE';

/** A certificate, a key or their folder cannot be used. The message never quotes key material. */
export class CertificateError extends CodedError<CertificateErrorCode> {
  override readonly name = 'CertificateError';
}
