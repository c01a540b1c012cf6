import { quote } from '../image/quote.ts';
import { inEnglish } from '../language/catalogue.ts';
import { phrase, type Phrase, type Shown } from '../language/phrase.ts';
import { type Decision, type ValidationAction, type Violation, failureReason } from '../policy/decision.ts';
import type { Owner } from '../workload/owner.ts';
import { cutToBytes, cutToCharacters, joinWithin, type Say } from './fit.ts';
import { groupByCause, renderCause, type Cause, renderNotice, renderObjection } from './sentence.ts';

/** Maximum length of a denial (K01), in bytes of UTF-8. Violations that do not fit are counted. */
const MESSAGE_BYTES = 1024;

/** Limits below those of the API server, which cuts a warning at 256 characters and all warnings of a request at 4096. */
const WARNING_CHARACTERS = 240;
const MAX_WARNINGS = 12;

/** Why a request is refused, in one line: each violation that denies, then what to do. */
export function renderDenial(decision: Decision, say: Say = inEnglish, owner?: Owner): Shown {
  if (decision.outcome === 'failed') return renderFailure(decision.code, failureReason(decision.code), say);
  const denials = decision.violations.filter(hasAction('Deny'));
  // All violations have the same owner, so it is written once.
  const render = (cause: Cause, index: number): Shown =>
    renderCause(cause, say, index === 0 ? owner : undefined);
  const join = (limit: number): Shown =>
    joinWithin(groupByCause(denials), render, 'words.next-cause', limit, say);
  const count = decision.outcome === 'refused' ? decision.unaskedRules : undefined;
  if (count === undefined) return join(MESSAGE_BYTES);
  const end = say(phrase('words.unasked-rules', { denial: '' as Shown, count }));
  const denial = join(MESSAGE_BYTES - Buffer.byteLength(end));
  return say(phrase('words.unasked-rules', { denial, count }));
}

/** A code and its sentence. */
export function renderFailure(code: string, message: Phrase, say: Say): Shown {
  return cutToBytes(say(phrase('words.failure', { code: quote(code), message })), MESSAGE_BYTES);
}

/** The warnings for the sender: violations that warn, and notices. Each fits into a `Warning` header. */
export function renderWarnings(
  decision: Pick<Decision, 'violations' | 'notices'>,
  say: Say = inEnglish,
): Shown[] {
  if (!hasReports(decision)) return [];
  const warnings = decision.violations
    .filter(hasAction('Warn'))
    .map((violation) => renderWarning((isBrief) => renderCause([violation], say, undefined, isBrief)));
  const notices = decision.notices.map((notice) =>
    renderWarning((isBrief) => renderNotice(notice, say, isBrief)),
  );
  // Compare the final texts, because the API server sends only one of two equal warnings.
  const texts = [...new Set([...warnings, ...notices])];
  const shown = texts.slice(0, MAX_WARNINGS);
  const count = texts.length - MAX_WARNINGS;
  if (count > 0) shown.push(say(phrase('words.more-warnings', { count })));
  return shown;
}

/** If a text is too long for a warning, shorten the image and the field, so that the reason is not cut off. */
function renderWarning(render: (isBrief: boolean) => Shown): Shown {
  const text = render(false);
  return cutToCharacters(text.length <= WARNING_CHARACTERS ? text : render(true), WARNING_CHARACTERS);
}

/**
 * The annotations of the audit event. Keys consist of letters, digits, `-`, `_` and `.`, because the API server puts the
 * name of the webhook before them. `withWarnings` adds the warnings, for a protocol without warnings.
 */
export function renderAuditAnnotations(
  decision: Decision,
  withWarnings: boolean,
  say: Say = inEnglish,
): Record<string, string> | undefined {
  if (!hasReports(decision)) return undefined;
  const warnings = withWarnings
    ? renderWarnings(decision, say)
    : decision.notices.filter(({ code }) => code === 'MIRROR_POD').map((notice) => renderNotice(notice, say));
  const audits = decision.violations.filter(hasAction('Audit'));
  if (warnings.length === 0 && audits.length === 0) return undefined;
  const { policy } = decision;
  const join = <Item>(items: readonly Item[], render: (item: Item) => Shown): Shown =>
    joinWithin(items, render, 'words.next-cause', MESSAGE_BYTES, say);
  return {
    ...(policy && { policy: `${policy.name}/${policy.revision}` }),
    ...(audits.length > 0 && { violations: join(audits, (violation) => renderCause([violation], say)) }),
    ...(warnings.length > 0 && { warnings: join(warnings, (text) => text) }),
  };
}

/** One violation without its place, for a cause that has a field of its own. */
export function renderStatusMessage(violation: Violation, say: Say = inEnglish): Shown {
  return cutToBytes(renderObjection(violation, say), MESSAGE_BYTES);
}

/** False for most decisions, which only admit or refuse. */
function hasReports({ violations, notices }: Pick<Decision, 'violations' | 'notices'>): boolean {
  return notices.length > 0 || violations.some(({ actions }) => actions.some((action) => action !== 'Deny'));
}

function hasAction(action: ValidationAction): (violation: Violation) => boolean {
  return ({ actions }) => actions.includes(action);
}
