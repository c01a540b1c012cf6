import type { TextDocument } from '../document/yaml.ts';
import { hideContent, shortenQuotes } from '../document/quoted-text.ts';
import { readBounded } from '../file/bounded-file.ts';
import { quote } from '../image/quote.ts';
import type { Catalogue } from '../language/catalogue.ts';
import { chooseCatalogue, stopgapOf } from '../language/choose.ts';
import { decodeCatalogue, missingKeys, type FurtherCatalogue } from '../language/further-catalogue.ts';
import { LANGUAGE_TAG } from '../language/tag.ts';
import { messageOf } from './command.ts';
import { invalid, SettingsError } from './settings.ts';

/** The options for the language of messages, as text. */
export interface LanguageOptions {
  readonly language?: string;
  readonly messages?: string;
}

/** The language of the gate's own sentences and of the messages of rules. */
export interface ChosenLanguage {
  readonly catalogue: Catalogue;
  /** The requested language: rules may have messages in it although no catalogue has it. */
  readonly wanted: string | undefined;
  /** Notes for the user: no catalogue has the language, or messages are missing. */
  readonly notices: readonly string[];
}

/** @throws {SettingsError} FILE_UNREADABLE or MESSAGES_INVALID */
export async function chooseLanguage({ language, messages }: LanguageOptions): Promise<ChosenLanguage> {
  const further = messages === undefined ? undefined : await readMessages(messages);
  const { catalogue, instead } = chooseCatalogue(language, further);
  const notices: string[] = [];
  if (language !== undefined && instead !== undefined) {
    notices.push(
      `--language ${quote(language)}: no catalogue has this language, so denials are in English (there are ${instead.join(', ')}; --messages adds one)`,
    );
  }
  const missing = further === undefined ? 0 : missingKeys(further).length;
  if (messages !== undefined && further !== undefined && missing > 0) {
    const stopgap = stopgapOf(further);
    notices.push(
      `--messages ${quote(messages, 256)}: ${missing} messages are missing; they are shown in ${stopgap}`,
    );
  }
  return { catalogue, wanted: language ?? further?.language, notices };
}

/**
 * Checks the language of a gate that a command sets up, because the tag becomes part of a command line.
 * @throws {SettingsError} SETTING_INVALID if the text is not a language tag
 */
export function decodeLanguage(language: string | undefined): string | undefined {
  if (language === undefined || LANGUAGE_TAG.test(language)) return language;
  throw invalid(`--language: ${JSON.stringify(language)} is not a language tag, such as zh or zh-CN`);
}

/** A note for the user if no catalogue has the language; then only `messages` of rules are shown in it. */
export function languageNotes(language: string | undefined): readonly string[] {
  const { instead } = chooseCatalogue(language);
  if (language === undefined || instead === undefined) return [];
  return [
    `--language ${quote(language)}: the gate has messages in ${instead.join(' and ')}; in this language only the messages of rules are shown`,
  ];
}

/** Largest file of messages, in bytes. */
const MAX_MESSAGES_BYTES = 256 * 1024;

const CATALOGUE_KEYS: ReadonlySet<string> = new Set(['language', 'messages']);

/** Largest number of problems in one error. */
const MAX_SHOWN = 20;

/**
 * Reads the catalogue of `--messages`: YAML or JSON, one document `{language, messages}`.
 * @throws {SettingsError} FILE_UNREADABLE; MESSAGES_INVALID with a line for each problem:
 * `file:line:column: where: what (hint)`
 */
export async function readMessages(file: string): Promise<FurtherCatalogue> {
  const bytes = await readBytes(file);
  // Load the YAML library only here, because a command without this option does not need it.
  const { decodeUtf8 } = await import('../document/text.ts');
  const { DocumentError, parseDocuments } = await import('../document/yaml.ts');
  try {
    return decodeMessages(parseDocuments(decodeUtf8(bytes, file), file), file);
  } catch (cause) {
    if (!(cause instanceof DocumentError)) throw cause;
    const { line, column } = cause.region;
    // Without the cause, because its message quotes the file, which may be a key or a token.
    throw new SettingsError(
      'MESSAGES_INVALID',
      `${file}:${line}:${column}: ${hideContent(cause.sentence, CATALOGUE_KEYS)}`,
    );
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  const bytes = await readBounded(file, MAX_MESSAGES_BYTES).catch((cause: unknown) => {
    throw new SettingsError('FILE_UNREADABLE', `--messages: ${file} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  });
  if (bytes !== undefined) return bytes;
  const problem = `--messages: ${file} has more than ${MAX_MESSAGES_BYTES} bytes`;
  throw new SettingsError('MESSAGES_INVALID', problem);
}

function decodeMessages([document, second]: readonly TextDocument[], file: string): FurtherCatalogue {
  if (document === undefined)
    throw new SettingsError(
      'MESSAGES_INVALID',
      `${file}:1:1: the catalogue is empty (write language and messages)`,
    );
  if (second !== undefined) {
    const problem =
      'a second document begins here, but a catalogue is one document (write each catalogue into its own file)';
    throw new SettingsError('MESSAGES_INVALID', `${file}:${second.positionOf([])}: ${problem}`);
  }
  const decoded = decodeCatalogue(document.value);
  if ('language' in decoded) return decoded;
  const lines = decoded.slice(0, MAX_SHOWN).map(({ path, message, hint }) => {
    const place = path.length === 0 ? '' : `${path.map((key) => quote(key)).join(': ')}: `;
    return `${file}:${document.positionOf(path)}: ${place}${shortenQuotes(message)} (${hint})`;
  });
  const more = decoded.length - lines.length;
  if (more > 0) lines.push(`${file}: and ${more} more problems`);
  throw new SettingsError('MESSAGES_INVALID', lines.join('\n'));
}
