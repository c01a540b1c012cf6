import { createBouncer } from '../../bouncer.ts';
import { renderDenial, renderWarnings } from '../../admission/message.ts';
import { renderCause } from '../../admission/sentence.ts';
import { quote } from '../../image/quote.ts';
import { inEnglish } from '../../language/catalogue.ts';
import type { Decision, Violation } from '../../policy/decision.ts';
import { failureReason } from '../../policy/failure.ts';
import type { Review } from '../../policy/review.ts';
import { isObject } from '../../workload/fields.ts';
import { findWorkloadKind, groupOf } from '../../workload/kinds.ts';
import { choosePolicy, type PolicyOptions } from '../chosen-policy.ts';
import { readManifests, type Manifest } from '../manifests.ts';
import type { ExitCode, Streams } from '../streams.ts';

export interface CheckOptions extends PolicyOptions {
  readonly namespace?: string;
  readonly output: 'table' | 'json';
}

const UNHURRIED_MS = 60_000;

interface Checked {
  readonly manifest: Manifest;
  readonly review: Review;
  readonly decision: Decision;
}

/** Judges manifests as they would be judged when they are created: same core, same policy, no cluster. */
export async function check(
  paths: readonly string[],
  options: CheckOptions,
  { stdin, stdout }: Streams,
): Promise<ExitCode> {
  const policy = await choosePolicy(options);
  const bouncer = createBouncer({ policies: { current: () => policy } });
  const checked: Checked[] = [];
  for await (const manifest of readManifests(paths, stdin)) {
    const review = reviewOf(manifest, options.namespace);
    checked.push({ manifest, review, decision: await bouncer.decide(review, UNHURRIED_MS) });
  }
  stdout.write(options.output === 'json' ? renderJson(checked) : renderTable(checked));
  return checked.every(({ decision }) => decision.outcome === 'admitted') ? 0 : 1;
}

/** A manifest says neither who will apply it nor, often, where to; both stay unknown. */
function reviewOf({ apiVersion, kind, object }: Manifest, namespace: string | undefined): Review {
  const group = groupOf(apiVersion);
  const version = group === '' ? apiVersion : apiVersion.slice(group.length + 1);
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const known = {
    operation: 'CREATE',
    subresource: '',
    user: undefined,
    namespace: typeof metadata['namespace'] === 'string' ? metadata['namespace'] : namespace,
  } as const;
  const name = metadata['name'] ?? metadata['generateName'];
  return {
    ...known,
    uid: undefined,
    dryRun: undefined,
    resource: findWorkloadKind(group, kind)?.resource,
    object: typeof name === 'string' ? `${quote(kind)} ${quote(name, 253)}` : quote(kind),
    subject: {
      kind: 'unread',
      reviewed: { ...known, group, version, kind, object, oldObject: undefined },
    },
  };
}

function renderTable(checked: readonly Checked[]): string {
  const lines = checked.flatMap(({ manifest, review, decision }) => [
    ...decision.violations.map((violation) => violationLine(manifest, review, violation)),
    ...(decision.outcome === 'failed'
      ? [`refused  ${manifest.placeOf('')}  ${review.object}\n         ${renderDenial(decision)}`]
      : []),
    ...noticeLines(manifest, review, decision),
  ]);
  return [...lines, renderSummary(checked), ''].join('\n');
}

function violationLine(manifest: Manifest, review: Review, violation: Violation): string {
  const verdict = violation.actions.includes('Deny')
    ? 'refused'
    : violation.actions.includes('Warn')
      ? 'warned'
      : 'audited';
  const place = manifest.placeOf(violation.use?.field ?? '');
  return `${verdict.padEnd(8)} ${place}  ${review.object}\n         ${renderCause([violation], inEnglish)}`;
}

/** Kinds without images are most of any folder, and nothing to be told about. */
function noticeLines(manifest: Manifest, review: Review, decision: Decision): string[] {
  const told = decision.notices.filter(({ code }) => code !== 'UNKNOWN_KIND');
  return renderWarnings({ ...decision, violations: [], notices: told } as Decision).map(
    (text) => `note     ${manifest.placeOf('')}  ${review.object}\n         ${text}`,
  );
}

function renderSummary(checked: readonly Checked[]): string {
  const images = checked.reduce((sum, { decision }) => sum + decision.uses.length, 0);
  const refused = checked.filter(({ decision }) => decision.outcome !== 'admitted').length;
  return `${count(checked.length, 'object')}, ${count(images, 'image')}: ${refused} refused`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function renderJson(checked: readonly Checked[]): string {
  const objects = checked.map(({ manifest, review, decision }) => ({
    place: manifest.placeOf(''),
    object: review.object,
    namespace: review.namespace ?? null,
    verdict: decision.outcome === 'admitted' ? 'admitted' : 'refused',
    images: decision.uses.map(({ use }) => use),
    violations: decision.violations.map((violation) => renderJsonViolation(manifest, violation)),
    ...(decision.outcome === 'failed' && {
      error: { code: decision.code, message: inEnglish(failureReason(decision.code)) },
    }),
  }));
  return `${JSON.stringify({ objects, refused: objects.filter(({ verdict }) => verdict === 'refused').length }, null, 2)}\n`;
}

function renderJsonViolation(manifest: Manifest, violation: Violation): object {
  const { code, actions, rule, use, reason, remedy, message } = violation;
  return {
    place: manifest.placeOf(use?.field ?? ''),
    code,
    actions,
    rule: rule ?? null,
    ...use,
    reason: inEnglish(reason),
    remedy: inEnglish(remedy),
    message: message ?? null,
  };
}
