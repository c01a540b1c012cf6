import { decodeUtf8 } from '../document/text.ts';
import { DocumentError, parseDocuments } from '../document/yaml.ts';
import { readBounded } from '../file/bounded-file.ts';
import { decodeCatalogue, type FurtherCatalogue } from '../language/further-catalogue.ts';
import { SettingsError } from './settings-error.ts';

/** Largest file of messages, in bytes: far more than all of them take. */
const MAX_MESSAGES_BYTES = 256 * 1024;

/** Most problems that one message lists. */
const MAX_SHOWN = 20;

/**
 * Reads the catalogue of `--messages`: YAML or JSON, one document `{language, messages}`.
 * @throws {SettingsError} FILE_UNREADABLE; MESSAGES_INVALID, one line a problem: `file:line:column: where: what (hint)`
 */
export async function readMessages(file: string): Promise<FurtherCatalogue> {
  try {
    return parseMessages(decodeUtf8(await readBytes(file), file), file);
  } catch (cause) {
    if (!(cause instanceof DocumentError)) throw cause;
    throw new SettingsError('MESSAGES_INVALID', cause.message, { cause });
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  const bytes = await readBounded(file, MAX_MESSAGES_BYTES).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SettingsError('FILE_UNREADABLE', `--messages: ${file} cannot be read: ${why}`, { cause });
  });
  if (bytes !== undefined) return bytes;
  const problem = `--messages: ${file} has more than ${MAX_MESSAGES_BYTES} bytes`;
  throw new SettingsError('MESSAGES_INVALID', problem);
}

function parseMessages(text: string, file: string): FurtherCatalogue {
  const [document, second] = parseDocuments(text, file);
  if (document === undefined)
    throw new SettingsError(
      'MESSAGES_INVALID',
      `${file}:1:1: the catalogue is empty (write language and messages)`,
    );
  if (second !== undefined) {
    const problem = 'a second document begins, and a catalogue is one (keep each in a file of its own)';
    throw new SettingsError('MESSAGES_INVALID', `${file}:${second.positionOf([])}: ${problem}`);
  }
  const decoded = decodeCatalogue(document.value);
  if ('language' in decoded) return decoded;
  const lines = decoded.slice(0, MAX_SHOWN).map(({ path, message, hint }) => {
    const place = path.length === 0 ? '' : `${path.join(': ')}: `;
    return `${file}:${document.positionOf(path)}: ${place}${message} (${hint})`;
  });
  const more = decoded.length - lines.length;
  if (more > 0) lines.push(`${file}: and ${more} more problems`);
  throw new SettingsError('MESSAGES_INVALID', lines.join('\n'));
}
