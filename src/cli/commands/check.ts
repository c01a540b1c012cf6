import type { Command } from 'commander';
import { createBouncer } from '../../bouncer.ts';
import type { Say } from '../../admission/fit.ts';
import { renderDenial, renderWarnings } from '../../admission/message.ts';
import { renderCause } from '../../admission/sentence.ts';
import { oneLine } from '../../language/one-line.ts';
import { phrase, type Shown } from '../../language/phrase.ts';
import { type Decision, failureReason, type Violation } from '../../policy/decision.ts';
import type { Review } from '../../policy/review.ts';
import { readManifests, type Manifest } from '../../review/manifests.ts';
import { reviewOfObject } from '../../review/review-of.ts';
import {
  fitForTerminal,
  outputOption,
  padColumns,
  type CommandContext,
  type ExitCode,
  type Streams,
} from '../command.ts';
import { chooseLanguage } from '../language.ts';
import { addPolicyOptions, choosePolicy, type PolicyOptions } from '../policy-options.ts';
import { fieldOf, type ImageUse } from '../../image/use.ts';

interface CheckOptions extends PolicyOptions {
  readonly namespace?: string;
  readonly output: 'table' | 'json';
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

interface Checked {
  readonly manifest: Manifest;
  readonly review: Review;
  readonly decision: Decision;
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
  const checked: Checked[] = [];
  for await (const manifest of readManifests(paths, stdin)) {
    const review = reviewOfObject({ ...manifest, namespace: options.namespace }, policy);
    checked.push({ manifest, review, decision: await bouncer.decide(review, BUDGET_MS) });
  }
  stdout.write(
    options.output === 'json' ? renderJson(checked, catalogue.say) : renderTable(checked, catalogue.say),
  );
  return checked.every(({ decision }) => decision.outcome === 'admitted') ? 0 : 1;
}

function renderTable(checked: readonly Checked[], say: Say): string {
  const lines = checked.flatMap((one) => [
    ...one.decision.violations.map((violation) => violationLine(one, violation, say)),
    ...(one.decision.outcome === 'failed'
      ? [entry('check.refused', one, undefined, renderDenial(one.decision, say), say)]
      : []),
    ...noticeLines(one, say),
  ]);
  return [...lines, renderSummary(checked, say), ''].join('\n');
}

function violationLine(checked: Checked, violation: Violation, say: Say): string {
  const { actions, use } = violation;
  const verdict = actions.includes('Deny') ? 'refused' : actions.includes('Warn') ? 'warned' : 'audited';
  return entry(`check.${verdict}`, checked, use, renderCause([violation], say), say);
}

/** Notices of unknown kinds are left out, because most objects of a folder contain no images. */
function noticeLines(checked: Checked, say: Say): string[] {
  const { decision } = checked;
  const notices = decision.notices.filter(({ code }) => code !== 'UNKNOWN_KIND');
  return renderWarnings({ violations: [], notices }, say).map((text) =>
    entry('check.note', checked, undefined, text, say),
  );
}

type Verdict = 'check.refused' | 'check.warned' | 'check.audited' | 'check.note';

/**
 * Two lines: the first has verdict, position and object, the second has the reason. File names may contain control
 * characters, for example in pull requests.
 */
function entry(
  verdict: Verdict,
  { manifest, review }: Checked,
  use: ImageUse | undefined,
  why: Shown,
  say: Say,
): string {
  const place = oneLine(positionOf(manifest, use));
  return `${padColumns(say(phrase(verdict)), 8)} ${place}  ${review.object}\n         ${why}`;
}

/** `file:line:column` of an image, or of the object. */
function positionOf(manifest: Manifest, use?: ImageUse): string {
  const { file, line, column } = manifest.locate(use?.location?.path ?? []);
  return `${file}:${line}:${column}`;
}

function renderSummary(checked: readonly Checked[], say: Say): string {
  const images = checked.reduce((sum, { decision }) => sum + decision.uses.length, 0);
  const refused = checked.filter(({ decision }) => decision.outcome !== 'admitted').length;
  const count = (number: number, noun: 'object' | 'image') =>
    phrase(number === 1 ? `check.${noun}` : `check.${noun}s`, { count: number });
  return say(
    phrase('check.summary', {
      objects: count(checked.length, 'object'),
      images: count(images, 'image'),
      refused,
    }),
  );
}

function renderJson(checked: readonly Checked[], say: Say): string {
  const objects = checked.map(({ manifest, review, decision }) => ({
    place: positionOf(manifest),
    object: review.object,
    namespace: review.namespace ?? null,
    verdict: decision.outcome === 'admitted' ? 'admitted' : 'refused',
    images: decision.uses.map(({ use }) => renderUse(use)),
    violations: decision.violations.map((violation) => renderJsonViolation(manifest, violation, say)),
    ...(decision.outcome === 'failed' && {
      error: { code: decision.code, message: say(failureReason(decision.code)) },
    }),
  }));
  const refused = objects.filter(({ verdict }) => verdict === 'refused').length;
  return `${fitForTerminal(JSON.stringify({ objects, refused }, null, 2))}\n`;
}

/** The keys of an image in the JSON output. */
function renderUse(use: ImageUse): object {
  const { usage, container, image } = use;
  return { field: fieldOf(use), usage, container, image };
}

function renderJsonViolation(manifest: Manifest, violation: Violation, say: Say): object {
  const { code, actions, rule, use, reason, remedy, message } = violation;
  return {
    place: positionOf(manifest, use),
    code,
    actions,
    rule: rule ?? null,
    ...(use && renderUse(use)),
    reason: say(reason),
    remedy: say(remedy),
    message: message ?? null,
  };
}
