import { quote } from '../image/quote.ts';
import { chooseCatalogue } from '../language/choose.ts';
import { LANGUAGE_TAG } from '../language/tag.ts';
import { SettingsError } from './settings-error.ts';

/** @throws {SettingsError} SETTING_INVALID for a text that is no tag: it becomes a part of a command line. */
export function decodeLanguage(language: string | undefined): string | undefined {
  if (language === undefined || LANGUAGE_TAG.test(language)) return language;
  throw new SettingsError(
    'SETTING_INVALID',
    `--language: ${JSON.stringify(language)} is no tag of a language, such as zh or zh-CN`,
  );
}

/** What whoever sets up a gate has to know of its language: nobody speaks it, so that only rules may. */
export function languageNotes(language: string | undefined): readonly string[] {
  const { instead } = chooseCatalogue(language);
  if (language === undefined || instead === undefined) return [];
  return [
    `--language ${quote(language)}: the gate speaks ${instead.join(' and ')}; in this one only the messages of rules are said`,
  ];
}
