import { quote } from '../image/quote.ts';
import type { Decision, Notice, ValidationAction, Violation } from '../policy/decision.ts';

/** Longest text that a denial carries (K01); what does not fit is counted. */
const MESSAGE_CHARACTERS = 1024;

/** The API server cuts a warning at 256 characters and stops at 4096 for one answer; others warn as well. */
const WARNING_CHARACTERS = 240;
const MAX_WARNINGS = 12;

const IMAGE_CHARACTERS = 160;

/** Causes among which violations are looked for that share one. */
const MAX_CAUSES = 16;

// Text of the requester's is quoted where it comes in; a parameter of a policy, such as a pattern, may hold these too.
// eslint-disable-next-line no-control-regex -- control characters are what must not come through (K01, K02)
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Why a request is refused, in one line: every violation under the actions of its rule, then what to do. */
export function renderDenial(decision: Decision): string {
  if (decision.outcome === 'failed') return `${decision.code}: ${decision.message}`;
  const denials = decision.violations.filter(({ actions }) => actions.includes('Deny'));
  return joinWithin(groupByCause(denials).map(renderCause), '; ', MESSAGE_CHARACTERS);
}

/** What the sender of the request is told besides: violations that warn, and notices; each fits a `Warning` header. */
export function renderWarnings(decision: Decision): string[] {
  if (!tellsAnything(decision)) return [];
  const warnings = decision.violations.filter(hasAction('Warn')).map((violation) => renderCause([violation]));
  const texts = [...new Set([...warnings, ...decision.notices.map(renderNotice)])];
  const shown = texts.slice(0, MAX_WARNINGS).map((text) => cut(text, WARNING_CHARACTERS));
  return texts.length > MAX_WARNINGS ? [...shown, `and ${texts.length - MAX_WARNINGS} more warnings`] : shown;
}

/**
 * What the audit event is told. Keys are legal below the webhook's own name: letters, digits, `-`, `_` and `.`.
 * `withWarnings` adds what the protocol has no other way to say.
 */
export function renderAuditAnnotations(
  decision: Decision,
  withWarnings: boolean,
): Record<string, string> | undefined {
  if (!tellsAnything(decision)) return undefined;
  const told = withWarnings
    ? renderWarnings(decision)
    : decision.notices.filter(({ code }) => code === 'MIRROR_POD').map(renderNotice);
  const audits = decision.violations.filter(hasAction('Audit')).map((violation) => renderCause([violation]));
  if (told.length === 0 && audits.length === 0) return undefined;
  const { policy } = decision;
  return {
    ...(policy && { policy: `${policy.name}/${policy.revision}` }),
    ...(audits.length > 0 && { violations: joinWithin(audits, '; ', MESSAGE_CHARACTERS) }),
    ...(told.length > 0 && { warnings: joinWithin(told, '; ', MESSAGE_CHARACTERS) }),
  };
}

/** What is wrong and what to do, for where the place is told beside it. */
export function renderObjection(violation: Violation): string {
  return onOneLine(objectionOf(violation));
}

/** One violation for people: `no latest: nginx at spec.containers[0].image (container "web"): tag … [rule …]; what to do`. */
export function renderViolation(violation: Violation): string {
  return renderCause([violation]);
}

type Cause = readonly [Violation, ...Violation[]];

/** Violations of one rule for one reason read as one sentence with several places. */
function groupByCause(violations: readonly Violation[]): Cause[] {
  const causes: [Violation, ...Violation[]][] = [];
  for (const violation of violations) {
    const cause = findCause(causes, violation);
    if (cause === undefined) causes.push([violation]);
    else cause.push(violation);
  }
  return causes;
}

/** Nearly always there are one or two, and a message holds no more than a dozen: only the first ones are looked at. */
function findCause(causes: readonly [Violation, ...Violation[]][], violation: Violation) {
  for (let index = 0; index < causes.length && index < MAX_CAUSES; index += 1) {
    const cause = causes[index];
    if (cause !== undefined && isSameCause(cause[0], violation)) return cause;
  }
  return undefined;
}

function isSameCause(one: Violation, other: Violation): boolean {
  return (
    one.rule === other.rule &&
    one.code === other.code &&
    one.reason === other.reason &&
    one.remedy === other.remedy
  );
}

function renderCause(cause: Cause): string {
  const [first, ...others] = cause;
  const said = first.message === undefined ? '' : `${first.message}: `;
  return onOneLine(`${said}${renderPlaces(first, others)}${objectionOf(first)}`);
}

function renderPlaces(first: Violation, others: readonly Violation[]): string {
  if (first.use === undefined) return '';
  if (others.length === 0) return `${renderPlace(first.use)}: `;
  const places = [first, ...others].flatMap(({ use }) => (use === undefined ? [] : [renderPlace(use)]));
  return `${joinWithin(places, ', ', MESSAGE_CHARACTERS / 2)}: `;
}

function objectionOf({ code, rule, reason, remedy }: Violation): string {
  return `${reason} [${rule === undefined ? code : `rule ${rule}`}]; ${remedy}`;
}

function renderPlace({ image, field, usage, container }: NonNullable<Violation['use']>): string {
  const shown = quote(image, IMAGE_CHARACTERS);
  if (field === undefined) return shown;
  const holder = usage === 'imageVolume' ? 'volume' : 'container';
  const named = container === undefined ? '' : ` (${holder} "${quote(container)}")`;
  return `${shown} at ${field}${named}`;
}

/** Most decisions do nothing but admit or refuse. */
function tellsAnything({ violations, notices }: Decision): boolean {
  return notices.length > 0 || violations.some(({ actions }) => actions.some((action) => action !== 'Deny'));
}

function renderNotice({ use, text }: Notice): string {
  return onOneLine(use === undefined ? text : `${renderPlace(use)} ${text}`);
}

function hasAction(action: ValidationAction): (violation: Violation) => boolean {
  return ({ actions }) => actions.includes(action);
}

function onOneLine(text: string): string {
  if (!CONTROL.test(text)) return text;
  return text.replace(
    new RegExp(CONTROL, 'g'),
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Joins what fits and counts the rest; the first text is always there, cut if it must be. */
function joinWithin(texts: readonly string[], separator: string, limit: number): string {
  const room = limit - ' and 999999 more'.length;
  let joined = cut(texts[0] ?? '', room);
  for (const [index, text] of texts.entries()) {
    if (index === 0) continue;
    if (joined.length + separator.length + text.length > room)
      return `${joined} and ${texts.length - index} more`;
    joined += separator + text;
  }
  return joined;
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const shown = text.slice(0, limit - 3);
  // Half a surrogate pair is no text.
  return `${/[\ud800-\udbff]$/.test(shown) ? shown.slice(0, -1) : shown}...`;
}
