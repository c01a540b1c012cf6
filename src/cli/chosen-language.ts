import { quote } from '../image/quote.ts';
import type { Catalogue } from '../language/catalogue.ts';
import { chooseCatalogue, stopgapOf } from '../language/choose.ts';
import { missingKeys, type FurtherCatalogue } from '../language/further-catalogue.ts';

/** Which language is meant, and where one that we do not bring comes from. */
export interface LanguageOptions {
  readonly language?: string;
  readonly messages?: string;
}

export interface ChosenLanguage {
  /** What our own sentences are said in. */
  readonly catalogue: Catalogue;
  /** What was asked for, in which rules may have messages of their own. */
  readonly wanted: string | undefined;
  /** What whoever starts us has to know: a language that nobody speaks, sentences that are missing. */
  readonly notices: readonly string[];
}

/** @throws {SettingsError} FILE_UNREADABLE or MESSAGES_INVALID */
export async function chooseLanguage({ language, messages }: LanguageOptions): Promise<ChosenLanguage> {
  const further = messages === undefined ? undefined : await loadMessages(messages);
  const { catalogue, instead } = chooseCatalogue(language, further);
  const notices: string[] = [];
  if (language !== undefined && instead !== undefined) {
    notices.push(
      `--language ${quote(language)}: nobody speaks it here, so that denials are in English (there are ${instead.join(', ')}; --messages adds one)`,
    );
  }
  const missing = further === undefined ? 0 : missingKeys(further).length;
  if (messages !== undefined && further !== undefined && missing > 0) {
    const stopgap = stopgapOf(further);
    notices.push(
      `--messages ${quote(messages, 256)}: ${missing} messages are missing, and said in ${stopgap}`,
    );
  }
  return { catalogue, wanted: language ?? further?.language, notices };
}

async function loadMessages(file: string): Promise<FurtherCatalogue> {
  // With it comes the YAML library, which nobody needs who names no file.
  const { readMessages } = await import('./messages-file.ts');
  return readMessages(file);
}
