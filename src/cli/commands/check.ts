import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Option, type Command } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import { checkFiles } from '../../check/check-files.ts';
import { inert } from '../../language/terminal.ts';
import { exitCodeOf, FAIL_KINDS, isFailing, type FailKind } from '../../report/failing.ts';
import {
  createOutput,
  FORMATS_OF_EVERY_OBJECT,
  OUTPUT_FORMATS,
  type OutputFormat,
} from '../../report/output-formats.ts';
import type { UnreadPart } from '../../report/result.ts';
import { Tally } from '../../report/totals.ts';
import { repeatedOption, writeTo, type CommandContext, type ExitCode, type Streams } from '../command.ts';
import { chooseLanguage } from '../language.ts';
import { addPolicyOptions, chooseLoadedPolicy, type PolicyOptions } from '../policy-options.ts';

interface CheckOptions extends PolicyOptions {
  readonly namespace?: string;
  readonly output: OutputFormat;
  readonly failOn?: readonly FailKind[];
}

export function define(command: Command, { streams, finish }: CommandContext): void {
  addPolicyOptions(command)
    .argument('[paths...]', 'files and folders of YAML or JSON; - for standard input', ['-'])
    .option('--namespace <name>', 'namespace of objects that have none')
    .addOption(new Option('-o, --output <format>', 'output format').choices(OUTPUT_FORMATS).default('table'))
    .addOption(
      repeatedOption(
        '--fail-on <kind>',
        'deny: fail if an object is refused (default); warn: also if a rule warns; unread: also if an object is not understood',
        FAIL_KINDS,
      ),
    )
    .addHelpText(
      'after',
      '\nExit code: 0 nothing refused, 1 something refused, 2 could not run, or could not judge everything.',
    )
    .action(async (paths: readonly string[], options: CheckOptions) =>
      finish(await check(paths, options, streams)),
    );
}

/**
 * Judges manifests as the gate would judge requests to create the objects, with the same code and the same policy. It
 * uses no cluster.
 */
export async function check(
  paths: readonly string[],
  options: CheckOptions,
  { stdin, stdout, stderr }: Streams,
): Promise<ExitCode> {
  const { catalogue, wanted, notices } = await chooseLanguage(options);
  for (const notice of notices) writeTo(stderr, `note: ${notice}\n`);
  const { policy, document } = await chooseLoadedPolicy(options, wanted, stderr);
  const settings = {
    policy: document,
    language: wanted,
    namespace: options.namespace,
    everyObject: FORMATS_OF_EVERY_OBJECT.has(options.output),
  };
  const { failOn = [] } = options;
  const output = createOutput(options.output, {
    say: catalogue.say,
    version: manifest.version,
    isFailing: (violation) => isFailing(violation, failOn),
  });
  const tally = new Tally();
  const unread: UnreadPart[] = [];
  for await (const result of checkFiles(paths, settings, policy, {
    stdin,
    parallel: availableParallelism() > 1,
  })) {
    tally.add(result);
    unread.push(...result.unread);
    await writeOutput(stdout, output.ofFile(result));
  }
  await writeOutput(stdout, output.atEnd(tally.totals));
  for (const part of unread) writeTo(stderr, inert(`error: ${renderUnread(part)}\n`));
  if (tally.totals.objects === 0 && unread.length === 0) {
    writeTo(stderr, inert(`error: ${paths.join(', ')}: no Kubernetes object was found\n`));
    return 2;
  }
  return exitCodeOf(tally.totals, failOn);
}

/**
 * Writes the text of an output, which escapes names itself. Waits while the reader is slower than we are; otherwise the whole output would be in memory. It is no failure if the
 * reader leaves, such as `head`.
 */
async function writeOutput(stream: Streams['stdout'], text: string): Promise<void> {
  if (text === '' || stream.destroyed || stream.write(text)) return;
  await once(stream, 'drain').catch(() => undefined);
}

/** `file:line:column: sentence` */
function renderUnread({ file, region, sentence }: UnreadPart): string {
  return `${file}${region === undefined ? '' : `:${region.line}:${region.column}`}: ${sentence}`;
}
