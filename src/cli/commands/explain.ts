import type { Command } from 'commander';
import { createBouncer } from '../../bouncer.ts';
import type { Say } from '../../admission/fit.ts';
import { renderDenial } from '../../admission/message.ts';
import { TAG_MAX } from '../../image/grammar.ts';
import { quote } from '../../image/quote.ts';
import {
  canonicalName,
  effectiveTag,
  parseImageReference,
  type ImageReference,
} from '../../image/reference.ts';
import { phrase, type Phrase, type Shown } from '../../language/phrase.ts';
import { padColumns } from '../../language/terminal.ts';
import type { Decision } from '../../policy/decision.ts';
import type { RuleFinding, JudgedImage } from '../../policy/image-judge.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Rule } from '../../policy/rule.ts';
import { selectsImage } from '../../policy/selector.ts';
import { reviewOfImage } from '../../review/review-of.ts';
import { outputOption, type CommandContext, type ExitCode, type Streams, writeTo } from '../command.ts';
import { chooseLanguage } from '../language.ts';
import { addPolicyOptions, choosePolicy, type PolicyOptions } from '../policy-options.ts';

interface ExplainOptions extends PolicyOptions {
  readonly output: 'table' | 'json';
}

/** Time for one verdict, in milliseconds. It is long, because no request waits for the verdict. */
const BUDGET_MS = 60_000;

export function define(command: Command, { streams, finish }: CommandContext): void {
  addPolicyOptions(command)
    .argument('<images...>', 'image references, as in a pod')
    .addOption(outputOption())
    .action(async (images: readonly string[], options: ExplainOptions) =>
      finish(await explain(images, options, streams)),
    );
}

/** Prints the parts of each reference and the result of each rule, in the order of the arguments. */
export async function explain(
  images: readonly string[],
  options: ExplainOptions,
  { stdout, stderr }: Streams,
): Promise<ExitCode> {
  const { catalogue, wanted, notices } = await chooseLanguage(options);
  const { say } = catalogue;
  for (const notice of notices) writeTo(stderr, `note: ${notice}\n`);
  const policy = await choosePolicy(options, wanted, stderr);
  const bouncer = createBouncer({ policies: { current: () => policy } });
  for (const image of images) {
    const decision = await bouncer.decide(reviewOfImage(image), BUDGET_MS);
    writeTo(
      stdout,
      options.output === 'json' ? renderJson(image, decision, say) : renderText(image, decision, policy, say),
    );
  }
  return 0;
}

function renderJson(input: string, decision: Decision, say: Say): string {
  const reference = parseImageReference(input);
  if (reference.kind === 'invalid') {
    const { code, reason, remedy } = reference;
    const error = { code, message: `${say(reason)}; ${say(remedy)}` };
    return `${JSON.stringify({ input, error })}\n`;
  }
  const { registry, repository, digest } = reference;
  const tag = effectiveTag(reference) ?? null;
  const line = {
    input,
    canonical: canonicalName(reference),
    registry,
    repository,
    tag,
    digest: digest ?? null,
    verdict: decision.outcome,
  };
  return `${JSON.stringify(line)}\n`;
}

type Row = readonly [
  label: `explain.${'canonical' | 'registry' | 'repository' | 'tag' | 'digest' | 'rule' | 'verdict' | 'refused'}`,
  value: string,
];

function renderText(input: string, decision: Decision, policy: Policy, say: Say): string {
  const judged = policy.judge(input);
  const { reference } = judged;
  const rows: readonly Row[] =
    reference.kind === 'invalid'
      ? [['explain.refused', `${reference.code}: ${say(reference.reason)}; ${say(reference.remedy)}`]]
      : [
          ...readingRows(reference, say),
          ...ruleRows(policy, reference, judged, say),
          ['explain.verdict', verdictOf(decision, say)],
        ];
  const lines = rows.map(([label, value]) => `  ${padColumns(say(phrase(label)), 12)} ${value}\n`);
  return `${quote(input, 1024)}\n${lines.join('')}`;
}

function readingRows(reference: ImageReference, say: Say): Row[] {
  const { digest, registry, repository } = reference;
  return [
    ['explain.canonical', canonicalName(reference)],
    ['explain.registry', registry],
    ['explain.repository', repository],
    ['explain.tag', sayTag(reference, say)],
    ['explain.digest', digest ?? say(phrase('explain.none'))],
  ];
}

function sayTag(reference: ImageReference, say: Say): string {
  const { tag } = reference;
  const pulled = effectiveTag(reference);
  if (pulled !== undefined)
    return tag === undefined ? say(phrase('explain.implied-tag', { tag: quote(pulled, TAG_MAX) })) : pulled;
  return say(
    tag === undefined ? phrase('explain.no-tag') : phrase('explain.idle-tag', { tag: quote(tag, TAG_MAX) }),
  );
}

function ruleRows(policy: Policy, reference: ImageReference, judged: JudgedImage, say: Say): Row[] {
  return policy.rules.map((rule) => {
    const says = phrase('explain.says', { rule: quote(rule.name), what: sayingOf(rule, reference, judged) });
    return ['explain.rule', say(says)];
  });
}

function sayingOf(rule: Rule, reference: ImageReference, { findings, vouchers }: JudgedImage): Phrase {
  if (rule.match !== undefined && !selectsImage(rule.match, reference)) return phrase('explain.not-about');
  const finding = findings.find((candidate) => candidate.rule === rule)?.finding;
  const vouches = finding === undefined && vouchers.some((voucher) => voucher.rule === rule);
  const says = vouches ? phrase('explain.vouches') : sayFinding(rule, finding);
  return dependsOnPlace(rule) ? phrase('explain.depends', { what: says }) : says;
}

function sayFinding({ actions }: Rule, finding: RuleFinding['finding'] | undefined): Phrase {
  if (finding === undefined) return phrase('explain.content');
  if ('question' in finding) return phrase('explain.asks');
  return phrase('explain.objects', { actions: quote(actions.join(', ')), reason: finding.reason });
}

function dependsOnPlace({ match, exclude }: Rule): boolean {
  return [match, exclude].some(
    (selector) =>
      selector !== undefined &&
      Object.entries(selector).some(([key, value]) => key !== 'images' && value !== undefined),
  );
}

function verdictOf(decision: Decision, say: Say): Shown {
  return decision.outcome === 'admitted'
    ? say(phrase('explain.admitted'))
    : say(phrase('explain.refused-because', { why: renderDenial(decision, say) }));
}
