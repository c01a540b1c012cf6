import type { Command } from 'commander';
import { createBouncer } from '../../bouncer.ts';
import { readManifests } from '../../review/manifests.ts';
import { reviewOfObject } from '../../review/review-of.ts';
import { addPolicyOptions, choosePolicy, type PolicyOptions } from '../policy-options.ts';
import { chooseLanguage } from '../language.ts';
import type { CommandContext, ExitCode, Streams } from '../command.ts';
import { outputOption } from '../command.ts';
import { isObject } from '../../document/json.ts';
import { createOutput, type OutputFormat } from '../../report/output-formats.ts';
import { resultOf, type FileResult, type ObjectResult } from '../../report/result.ts';
import { Tally } from '../../report/totals.ts';

interface CheckOptions extends PolicyOptions {
  readonly namespace?: string;
  readonly output: OutputFormat;
}

/** Time for one verdict, in milliseconds. It is long, because no request waits for the verdict. */
const BUDGET_MS = 60_000;

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
  for (const notice of notices) stderr.write(`note: ${notice}\n`);
  const policy = await choosePolicy(options, wanted);
  const bouncer = createBouncer({ policies: { current: () => policy } });
  const results = new Map<string, ObjectResult[]>();
  for await (const manifest of readManifests(paths, stdin)) {
    const review = reviewOfObject({ ...manifest, namespace: options.namespace }, policy);
    const decision = await bouncer.decide(review, BUDGET_MS);
    const { metadata } = manifest.object;
    const name = isObject(metadata) ? (metadata['name'] ?? metadata['generateName']) : undefined;
    const result = resultOf({ ...manifest, name: typeof name === 'string' ? name : '', review, decision });
    const ofFile = results.get(manifest.file);
    if (ofFile === undefined) results.set(manifest.file, [result]);
    else ofFile.push(result);
  }
  const output = createOutput(options.output, catalogue.say);
  const tally = new Tally();
  for (const [file, objects] of results) {
    const images = objects.reduce((sum, object) => sum + object.images.length, 0);
    const result: FileResult = {
      file,
      judged: objects.length,
      images,
      objects,
      notes: [],
      unread: undefined,
    };
    tally.add(result);
    stdout.write(output.ofFile(result));
  }
  stdout.write(output.atEnd(tally.totals));
  return tally.totals.refused > 0 ? 1 : 0;
}
