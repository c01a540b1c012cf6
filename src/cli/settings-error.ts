export type SettingsErrorCode =
  | 'SETTING_INVALID'
  | 'SETTINGS_CONFLICT'
  | 'FILE_UNREADABLE'
  | 'MESSAGES_INVALID'
  | 'PORT_UNAVAILABLE';

/** What was asked for on the command line, or in the environment, cannot be done. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code: SettingsErrorCode;

  constructor(code: SettingsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
