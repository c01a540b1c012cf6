import { createBouncer } from '../../bouncer.ts';
import type { Say } from '../../admission/fit.ts';
import { renderDenial, renderWarnings } from '../../admission/message.ts';
import { renderCause } from '../../admission/sentence.ts';
import { quote } from '../../image/quote.ts';
import { oneLine } from '../../language/one-line.ts';
import { phrase, type Shown } from '../../language/phrase.ts';
import type { Decision, Violation } from '../../policy/decision.ts';
import { failureReason } from '../../policy/failure.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Review } from '../../policy/review.ts';
import { isObject } from '../../document/json.ts';
import { findKind, groupOf, type KnownKind } from '../../workload/kinds.ts';
import { chooseLanguage, type LanguageOptions } from '../chosen-language.ts';
import { choosePolicy, type PolicyOptions } from '../chosen-policy.ts';
import { readManifests, type Manifest } from '../manifests.ts';
import type { ExitCode, Streams } from '../streams.ts';
import { fitForTerminal, padColumns } from '../terminal.ts';
import { fieldOf, type ImageUse } from '../../image/use.ts';

export interface CheckOptions extends PolicyOptions, LanguageOptions {
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
  { stdin, stdout, stderr }: Streams,
): Promise<ExitCode> {
  const { catalogue, wanted, notices } = await chooseLanguage(options);
  for (const notice of notices) stderr.write(`note: ${notice}\n`);
  const policy = await choosePolicy({ ...options, ...(wanted !== undefined && { language: wanted }) });
  const bouncer = createBouncer({ policies: { current: () => policy } });
  const checked: Checked[] = [];
  for await (const manifest of readManifests(paths, stdin)) {
    const review = reviewOf(manifest, options.namespace, policy);
    checked.push({ manifest, review, decision: await bouncer.decide(review, UNHURRIED_MS) });
  }
  stdout.write(
    options.output === 'json' ? renderJson(checked, catalogue.say) : renderTable(checked, catalogue.say),
  );
  return checked.every(({ decision }) => decision.outcome === 'admitted') ? 0 : 1;
}

/** A manifest says neither who will apply it nor, often, where to; both stay unknown. */
function reviewOf(
  { apiVersion, kind, object }: Manifest,
  namespace: string | undefined,
  { kinds }: Policy,
): Review {
  const group = groupOf(apiVersion);
  const workload = findKind(kinds, group, kind);
  const version = group === '' ? apiVersion : apiVersion.slice(group.length + 1);
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const known = {
    operation: 'CREATE',
    subresource: '',
    user: undefined,
    namespace: namespaceOf(workload, metadata['namespace'], namespace),
  } as const;
  const name = metadata['name'] ?? metadata['generateName'];
  return {
    ...known,
    uid: undefined,
    dryRun: undefined,
    resource: workload?.resource,
    object: typeof name === 'string' ? `${quote(kind)} ${quote(name, 253)}` : quote(kind),
    subject: {
      kind: 'unread',
      // The API server takes a namespace away from what lives in none, and fills in one that is empty.
      reviewed: {
        ...known,
        namespace: metadata['namespace'] === '' ? undefined : known.namespace || undefined,
        group,
        version,
        kind,
        object,
        oldObject: undefined,
      },
    },
  };
}

/**
 * What lives in no namespace is reviewed in none, wherever the rest of its file goes; of what may do so nobody knows.
 * An empty namespace is none that is named, as kubectl reads it.
 */
function namespaceOf(
  kind: KnownKind | undefined,
  own: unknown,
  given: string | undefined,
): string | undefined {
  if (kind?.origin === 'custom' && kind.scope === 'Cluster') return '';
  if (kind?.origin === 'custom' && kind.scope === '*') return undefined;
  return typeof own === 'string' && own !== '' ? own : given;
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

/** Kinds without images are most of any folder, and nothing to be told about. */
function noticeLines(checked: Checked, say: Say): string[] {
  const { decision } = checked;
  const told = decision.notices.filter(({ code }) => code !== 'UNKNOWN_KIND');
  return renderWarnings({ ...decision, violations: [], notices: told } as Decision, say).map((text) =>
    entry('check.note', checked, undefined, text, say),
  );
}

type Verdict = 'check.refused' | 'check.warned' | 'check.audited' | 'check.note';

/** What, where and of which object, and below it why. Whoever wrote the manifest has also named its file. */
function entry(
  verdict: Verdict,
  { manifest, review }: Checked,
  use: ImageUse | undefined,
  why: Shown,
  say: Say,
): string {
  const place = oneLine(manifest.positionOf(use?.location?.path ?? []));
  return `${padColumns(say(phrase(verdict)), 8)} ${place}  ${review.object}\n         ${why}`;
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
    place: manifest.positionOf([]),
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
    place: manifest.positionOf(use?.location?.path ?? []),
    code,
    actions,
    rule: rule ?? null,
    ...(use && renderUse(use)),
    reason: say(reason),
    remedy: say(remedy),
    message: message ?? null,
  };
}
