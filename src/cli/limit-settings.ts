import type { Limits } from '../server/limits.ts';
import type { ServeOptions } from './serve-options.ts';
import { decodeNumber } from './number-setting.ts';
import { SettingsError } from './settings-error.ts';

/** The limits of the server that an operator may move. */
export type LimitSettings = Pick<
  Limits,
  'bodyBytes' | 'receivingBytes' | 'connections' | 'queuedReviews' | 'queueMs'
>;

const MIB = 1024 * 1024;

/** @throws {SettingsError} SETTING_INVALID, or SETTINGS_CONFLICT when no body would find room. */
export function decodeLimits(options: ServeOptions): LimitSettings {
  const body = decodeNumber('--max-body', options.maxBody, 1, 64);
  const receiving = decodeNumber('--max-receiving', options.maxReceiving, 1, 4096);
  if (receiving < body) {
    throw new SettingsError(
      'SETTINGS_CONFLICT',
      `--max-receiving ${receiving} leaves no room for one body of --max-body ${body}: give --max-receiving ${body} or more`,
    );
  }
  return {
    bodyBytes: body * MIB,
    receivingBytes: receiving * MIB,
    connections: decodeNumber('--max-connections', options.maxConnections, 8, 65_536),
    queuedReviews: decodeNumber('--max-queue', options.maxQueue, 1, 65_536),
    queueMs: decodeNumber('--max-wait', options.maxWait, 1, 30_000),
  };
}
