import { CodedError } from '../coded-error.ts';

export type SettingsErrorCode =
  | 'SETTING_INVALID'
  | 'SETTINGS_CONFLICT'
  | 'FILE_UNREADABLE'
  | 'MESSAGES_INVALID'
  | 'PORT_UNAVAILABLE';

/** What was asked for on the command line, or in the environment, cannot be done. */
export class SettingsError extends CodedError<SettingsErrorCode> {
  override readonly name = 'SettingsError';
}
