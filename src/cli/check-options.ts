import { dirname, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { findOptionsFile, missingOptions, readOptionsFile } from '../check/options-file.ts';
import type { FailKind } from '../report/failing.ts';
import type { OutputFormat } from '../report/output-formats.ts';
import type { PolicyOptions } from './policy-options.ts';
import { conflict } from './settings.ts';

/** The options of `check`. */
interface CheckOptions extends PolicyOptions {
  readonly namespace?: string;
  readonly output: OutputFormat;
  readonly failOn?: readonly FailKind[];
  readonly exclude?: readonly string[];
  readonly baseline?: string;
  readonly writeBaseline?: string;
  /** False for `--no-config`. */
  readonly config?: string | false;
}

/** The options of the command line together with those of the repository. */
export interface CheckSettings {
  readonly options: CheckOptions;
  readonly paths: readonly string[];
  /**
   * The name of a file for globs and baselines: its path from the folder of the options file, or from the working folder
   * if there is none, with `/`.
   */
  readonly nameOf: (file: string) => string;
}

/**
 * Adds the options of the repository to a command. Options of the command line and of the environment win.
 * @throws {SettingsFileError} FILE_UNREADABLE or OPTIONS_FILE_INVALID
 * @throws {SettingsError} SETTINGS_CONFLICT
 */
export async function readCheckSettings(command: Command): Promise<CheckSettings> {
  const { config, baseline, writeBaseline } = command.opts<CheckOptions>();
  if (baseline !== undefined && writeBaseline !== undefined)
    throw conflict('--baseline and --write-baseline contradict each other: give one of them');
  const workingFolder = process.cwd();
  const file = config === undefined ? findOptionsFile(workingFolder) : config || undefined;
  const folder = file === undefined ? workingFolder : dirname(resolve(file));
  const shown = (path: string): string => relative(workingFolder, resolve(folder, path)) || '.';
  const fromFile = file === undefined ? {} : await readOptionsFile(file);
  const isGiven = (name: string): boolean =>
    !['default', 'implied', undefined].includes(command.getOptionValueSource(name));
  for (const [name, value] of Object.entries(missingOptions(fromFile, isGiven, shown)))
    command.setOptionValueWithSource(name, value, 'config');
  return {
    options: command.opts<CheckOptions>(),
    paths: command.args.length > 0 ? command.args : (fromFile.paths?.map(shown) ?? ['-']),
    nameOf: (path) => (path === 'stdin' ? path : relative(folder, resolve(path)).replaceAll(sep, '/')),
  };
}
