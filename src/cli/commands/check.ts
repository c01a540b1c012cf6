import type { Command } from 'commander';
import { createBouncer } from '../../bouncer.ts';
import { checkFiles } from '../../check/check-files.ts';
import { addPolicyOptions, choosePolicy, type PolicyOptions } from '../policy-options.ts';
import { chooseLanguage } from '../language.ts';
import { type CommandContext, type ExitCode, type Streams, writeTo } from '../command.ts';
import { outputOption } from '../command.ts';
import { createOutput, type OutputFormat } from '../../report/output-formats.ts';
import type { UnreadPart } from '../../report/result.ts';
import { Tally } from '../../report/totals.ts';

interface CheckOptions extends PolicyOptions {
  readonly namespace?: string;
  readonly output: OutputFormat;
}

export function define(command: Command, { streams, finish }: CommandContext): void {
  addPolicyOptions(command)
    .argument('[paths...]', 'files and folders of YAML or JSON; - for standard input', ['-'])
    .option('--namespace <name>', 'namespace of objects that have none')
    .addOption(outputOption())
    .addHelpText('after', '\nExit code: 0 nothing refused, 1 something refused, 2 could not run.')
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
  const policy = await choosePolicy(options, wanted);
  const bouncer = createBouncer({ policies: { current: () => policy } });
  const output = createOutput(options.output, catalogue.say);
  const tally = new Tally();
  const unread: UnreadPart[] = [];
  for await (const result of checkFiles(paths, { bouncer, policy, namespace: options.namespace }, stdin)) {
    tally.add(result);
    unread.push(...result.unread);
    writeTo(stdout, output.ofFile(result));
  }
  writeTo(stdout, output.atEnd(tally.totals));
  for (const part of unread) writeTo(stderr, `error: ${renderUnread(part)}\n`);
  if (unread.length > 0) return 2;
  return tally.totals.refused > 0 ? 1 : 0;
}

/** `file:line:column: sentence` */
function renderUnread({ file, region, sentence }: UnreadPart): string {
  return `${file}${region === undefined ? '' : `:${region.line}:${region.column}`}: ${sentence}`;
}
