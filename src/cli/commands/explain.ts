import { createBouncer } from '../../bouncer.ts';
import { renderDenial } from '../../admission/message.ts';
import { quote } from '../../image/quote.ts';
import {
  canonicalName,
  effectiveTag,
  parseImageReference,
  type ImageReference,
} from '../../image/reference.ts';
import { inEnglish } from '../../language/catalogue.ts';
import type { Decision } from '../../policy/decision.ts';
import type { JudgedImage } from '../../policy/image-judge.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Rule } from '../../policy/rule.ts';
import type { Review } from '../../policy/review.ts';
import { choosePolicy, type PolicyOptions } from '../chosen-policy.ts';
import type { ExitCode, Streams } from '../streams.ts';

export interface ExplainOptions extends PolicyOptions {
  readonly output: 'table' | 'json';
}

/** No deadline: nobody waits but a person. */
const UNHURRIED_MS = 60_000;

/** Prints how references are read and what the policy says to them, in the order in which they were given. */
export async function explain(
  images: readonly string[],
  options: ExplainOptions,
  { stdout }: Streams,
): Promise<ExitCode> {
  const policy = await choosePolicy(options);
  const bouncer = createBouncer({ policies: { current: () => policy } });
  for (const image of images) {
    const decision = await bouncer.decide(reviewOf(image), UNHURRIED_MS);
    stdout.write(
      options.output === 'json' ? renderJson(image, decision) : renderText(image, decision, policy),
    );
  }
  return 0;
}

/** An image and nothing else: every rule that looks at the image applies. */
function reviewOf(image: string): Review {
  const use = { field: undefined, usage: undefined, container: undefined, image };
  return {
    uid: undefined,
    operation: undefined,
    dryRun: undefined,
    user: undefined,
    namespace: undefined,
    resource: undefined,
    subresource: undefined,
    object: undefined,
    subject: {
      kind: 'images',
      changed: [use],
      kept: [],
      placeholders: [],
      template: false,
      mirrorPod: false,
    },
  };
}

function renderJson(input: string, decision: Decision): string {
  const reference = parseImageReference(input);
  if (reference.kind === 'invalid') {
    const { code, reason, remedy } = reference;
    return `${JSON.stringify({ input, error: { code, message: `${inEnglish(reason)}; ${inEnglish(remedy)}` } })}\n`;
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

function renderText(input: string, decision: Decision, policy: Policy): string {
  const judged = policy.judge(input);
  const { reference } = judged;
  const rows =
    reference.kind === 'invalid'
      ? [['refused', `${reference.code}: ${inEnglish(reference.reason)}; ${inEnglish(reference.remedy)}`]]
      : [...readingRows(reference), ...ruleRows(policy, judged), ['verdict', verdictOf(decision)]];
  return `${quote(input, 1024)}\n${rows.map(([key = '', value]) => `  ${key.padEnd(12)} ${value}\n`).join('')}`;
}

function readingRows(reference: ImageReference): string[][] {
  const { tag, digest, registry, repository } = reference;
  const pulled = effectiveTag(reference);
  const decoration =
    tag === undefined ? 'none, the digest decides' : `${tag}, which counts for nothing beside the digest`;
  return [
    ['canonical', canonicalName(reference)],
    ['registry', registry],
    ['repository', repository],
    ['tag', pulled === undefined ? decoration : tag === undefined ? `${pulled} (no tag was given)` : pulled],
    ['digest', digest ?? 'none'],
  ];
}

function ruleRows(policy: Policy, judged: JudgedImage): string[][] {
  return policy.rules.map((rule) => ['rule', `${rule.name}: ${sayingOf(rule, judged)}`]);
}

function sayingOf(rule: Rule, { hits, objections }: JudgedImage): string {
  if (!hits.some((hit) => hit.rule === rule)) return 'is not about this image';
  const objection = objections.find((candidate) => candidate.rule === rule)?.objection;
  const says =
    objection === undefined
      ? 'is content'
      : `objects (${rule.actions.join(', ')}): ${inEnglish(objection.reason)}`;
  return dependsOnPlace(rule) ? `${says}, where its match and exclude let it look` : says;
}

function dependsOnPlace({ match, exclude }: Rule): boolean {
  return [match, exclude].some(
    (selector) =>
      selector !== undefined &&
      Object.entries(selector).some(([key, value]) => key !== 'images' && value !== undefined),
  );
}

function verdictOf(decision: Decision): string {
  return decision.outcome === 'admitted' ? 'admitted' : `refused: ${renderDenial(decision)}`;
}
