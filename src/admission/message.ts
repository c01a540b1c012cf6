import { quote } from '../image/quote.ts';
import { inEnglish } from '../language/catalogue.ts';
import { phrase, type Phrase, type Shown } from '../language/phrase.ts';
import { type Decision, type ValidationAction, type Violation, failureReason } from '../policy/decision.ts';
import type { Owner } from '../workload/owner.ts';
import { cutToBytes, cutToCharacters, joinWithin, roomOfList, type Say } from './fit.ts';
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
  const causes = groupByCause(denials);
  const count = decision.outcome === 'refused' ? decision.unaskedRules : undefined;
  if (count === undefined) return renderCauses(causes, MESSAGE_BYTES, say, owner);
  const end = say(phrase('words.unasked-rules', { denial: '' as Shown, count }));
  const denial = renderCauses(causes, MESSAGE_BYTES - Buffer.byteLength(end), say, owner);
  return say(phrase('words.unasked-rules', { denial, count }));
}

/** Room for the places of one cause, in bytes. With less room, fewer causes are shown. */
const PLACES_BYTES = 200;

/** Maximum number of causes that share the room evenly. */
const SHARING_CAUSES = 4;

/** Room for the words between the places and the reason of a cause, in bytes. */
const GLUE_BYTES = 24;

/** The causes within `limit` bytes. Their places take the room that the reasons leave. */
function renderCauses(causes: readonly Cause[], limit: number, say: Say, owner: Owner | undefined): Shown {
  const join = (placesBytes: number): ReturnType<typeof joinWithin> => {
    // All violations have the same owner, so it is written once.
    const render = (cause: Cause, index: number): Shown =>
      renderCause(cause, say, { owner: index === 0 ? owner : undefined, placesBytes });
    return joinWithin(causes, render, 'words.next-cause', limit, say);
  };
  if (causes.every(({ length }) => length === 1)) return join(limit).text;
  const room = causes.length === 1 ? limit : roomOfList(limit, say);
  const { share, most } = shareRoom(causes, room, say, owner);
  const even = join(share);
  // Causes with few places leave room for the others.
  const wider = Math.min(most, share + room - Buffer.byteLength(even.text));
  const wide = wider > share ? join(wider) : even;
  return wide.shown < even.shown ? even.text : wide.text;
}

/** What the places of one cause may take: if as many causes as possible share `room` bytes, and if the first has all of it. */
function shareRoom(
  causes: readonly Cause[],
  room: number,
  say: Say,
  owner: Owner | undefined,
): { readonly share: number; readonly most: number } {
  const shares: number[] = [];
  let left = room;
  for (const [index, [first]] of causes.slice(0, SHARING_CAUSES).entries()) {
    const reason = renderCause([{ ...first, use: undefined }], say, {
      owner: index === 0 ? owner : undefined,
    });
    left -= Buffer.byteLength(reason) + GLUE_BYTES;
    const share = Math.floor(left / (index + 1));
    if (index > 0 && share < PLACES_BYTES) break;
    shares.push(Math.max(share, PLACES_BYTES));
  }
  return { share: shares.at(-1) ?? PLACES_BYTES, most: shares[0] ?? PLACES_BYTES };
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
    .map((violation) => renderWarning((isBrief) => renderCause([violation], say, { isBrief })));
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
    joinWithin(items, render, 'words.next-cause', MESSAGE_BYTES, say).text;
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
