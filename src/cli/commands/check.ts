import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Option, type Command } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import { Baseline, BaselineWriter, readBaseline } from '../../check/baseline.ts';
import { checkFiles } from '../../check/check-files.ts';
import { createExclusion } from '../../check/exclude.ts';
import { OPTIONS_FILE } from '../../check/options-file.ts';
import { inert } from '../../language/terminal.ts';
import { exitCodeOf, FAIL_KINDS, isFailing } from '../../report/failing.ts';
import { createOutput, FORMATS_OF_EVERY_OBJECT, OUTPUT_FORMATS } from '../../report/output-formats.ts';
import { createProgress, isTerminal } from '../../report/progress.ts';
import type { UnreadPart } from '../../report/result.ts';
import { renderUnread } from '../../report/sentence.ts';
import { renderGone } from '../../report/table-output.ts';
import { Tally } from '../../report/totals.ts';
import { readCheckSettings, type CheckSettings } from '../check-options.ts';
import {
  repeatedOption,
  writeTo,
  type CommandContext,
  type Environment,
  type ExitCode,
  type Streams,
} from '../command.ts';
import { chooseLanguage } from '../language.ts';
import { addPolicyOptions, chooseLoadedPolicy } from '../policy-options.ts';

const HELP = `
Exit code: 0 nothing refused, 1 something refused, 2 could not run, or could not judge everything.

Options of a repository: ${OPTIONS_FILE} in this folder, or in a folder above it
up to the root of the repository. Options of the command line win.`;

export function define(command: Command, { environment, streams, finish }: CommandContext): void {
  addPolicyOptions(command)
    .argument('[paths...]', 'files and folders of YAML or JSON; - for standard input (default: -)')
    .option('--namespace <name>', 'namespace of objects that have none')
    .addOption(repeatedOption('--exclude <glob>', 'leave out these files and folders'))
    .addOption(new Option('-o, --output <format>', 'output format').choices(OUTPUT_FORMATS).default('table'))
    .addOption(
      repeatedOption(
        '--fail-on <kind>',
        'deny: fail if an object is refused (default); warn: also if a rule warns; unread: also if an object is not understood',
        FAIL_KINDS,
      ),
    )
    .option('--baseline <file>', 'accept the results of this file, and fail on new ones')
    .option('--write-baseline <file>', 'write the results into this file, and accept them')
    .option('--config <file>', `options of the repository (default: ${OPTIONS_FILE})`)
    .option('--no-config', 'use no options of the repository')
    .addHelpText('after', HELP)
    .action(async () => finish(await check(await readCheckSettings(command), streams, environment)));
}

/**
 * Judges manifests as the gate would judge requests to create the objects, with the same code and the same policy. It
 * uses no cluster.
 */
async function check(
  { options, paths, nameOf }: CheckSettings,
  streams: Streams,
  environment: Environment,
): Promise<ExitCode> {
  const { stdin, stdout, stderr } = streams;
  const { catalogue, wanted, notices } = await chooseLanguage(options);
  for (const notice of notices) writeTo(stderr, `note: ${notice}\n`);
  const { policy, document } = await chooseLoadedPolicy(options, wanted, stderr);
  const { failOn = [], exclude = [], namespace, baseline: file, writeBaseline } = options;
  const baseline = file === undefined ? undefined : new Baseline(await readBaseline(file), nameOf);
  const writer = writeBaseline === undefined ? undefined : new BaselineWriter(nameOf);
  const groups = isTerminal(stdout);
  // https://no-color.org
  const noColour = (environment['NO_COLOR'] ?? '') !== '';
  const output = createOutput(options.output, {
    say: catalogue.say,
    style: { groups, colours: groups && !noColour && environment['TERM'] !== 'dumb' },
    version: manifest.version,
    isFailing: (violation) => isFailing(violation, failOn),
  });
  const exclusion = createExclusion(exclude, nameOf);
  const progress = createProgress(stderr, () => performance.now());
  const tally = new Tally();
  const unread: UnreadPart[] = [];
  const everyObject = FORMATS_OF_EVERY_OBJECT.has(options.output);
  const settings = { policy: document, language: wanted, namespace, everyObject };
  const parallel = availableParallelism() > 1;
  for await (const found of checkFiles(paths, settings, policy, { stdin, exclusion, parallel })) {
    const result = (writer ?? baseline)?.apply(found) ?? found;
    tally.add(result);
    unread.push(...result.unread);
    const text = output.ofFile(result);
    if (text !== '') progress.clear();
    await writeOutput(stdout, text);
    progress.show(tally.totals);
  }
  progress.clear();
  const gone = baseline?.goneBelow(paths.map(nameOf));
  await writeOutput(stdout, output.atEnd(tally.totals, gone));
  if (writeBaseline !== undefined) await writer?.write(writeBaseline);
  for (const line of renderGone(gone ?? [])) writeTo(stderr, `note: ${line}\n`);
  for (const part of unread) writeTo(stderr, inert(`error: ${renderUnread(part)}\n`));
  if (tally.totals.objects === 0 && unread.length === 0 && !exclusion.hasMatched()) {
    writeTo(stderr, inert(`error: ${paths.join(', ')}: no Kubernetes object was found\n`));
    return 2;
  }
  return exitCodeOf(tally.totals, failOn);
}

/**
 * Writes the text of an output, which escapes names itself. Waits while the reader is slower than we are; otherwise the
 * whole output would be in memory. It is no failure if the reader leaves, such as `head`.
 */
async function writeOutput(stream: Streams['stdout'], text: string): Promise<void> {
  if (text === '' || stream.destroyed || stream.write(text)) return;
  await once(stream, 'drain').catch(() => undefined);
}
