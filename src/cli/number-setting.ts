import { SettingsError } from './settings-error.ts';

/** @throws {SettingsError} SETTING_INVALID */
export function decodeNumber(option: string, text: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new SettingsError(
    'SETTING_INVALID',
    `${option}: ${JSON.stringify(text)} is not a whole number from ${least} to ${most}`,
  );
}
