import { quote } from '../image/quote.ts';
import { fieldOf, type ImageUse } from '../image/use.ts';
import { phrase, samePhrase, type Shown } from '../language/phrase.ts';
import type { Notice, Violation } from '../policy/decision.ts';
import type { Owner } from '../workload/owner.ts';
import { joinWithin, type Say } from './fit.ts';

/** Maximum length of the places of one cause, in bytes. A denial gives them another limit. */
const PLACES_BYTES = 512;

const IMAGE_CHARACTERS = 160;
const FIELD_CHARACTERS = 256;
const NAME_CHARACTERS = 253;
/** Maximum length of an image and of a field in a message without more room. */
const BRIEF_CHARACTERS = 40;

/** Maximum number of causes that a violation is compared with. */
const MAX_CAUSES = 16;

/** Violations of one rule for one reason. They are rendered as one sentence with several places. */
export type Cause = readonly [Violation, ...Violation[]];

export function groupByCause(violations: readonly Violation[]): Cause[] {
  const causes: [Violation, ...Violation[]][] = [];
  for (const violation of violations) {
    const cause = findCause(causes, violation);
    if (cause === undefined) causes.push([violation]);
    else cause.push(violation);
  }
  return causes;
}

/** Compares with the first causes only. Usually there are one or two causes, and a message has room for about twelve. */
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
    samePhrase(one.reason, other.reason) &&
    samePhrase(one.remedy, other.remedy)
  );
}

/** How a cause is rendered. */
interface CauseStyle {
  /** The controller that the pod names. */
  readonly owner?: Owner | undefined;
  /** Shortens images and fields. @default false */
  readonly isBrief?: boolean;
  /** Maximum length of the places, in bytes; places that do not fit are counted. @default PLACES_BYTES */
  readonly placesBytes?: number;
}

/** `no latest: nginx at spec.containers[0].image (container "web"): tag … [rule …]; what to do` */
export function renderCause(cause: Cause, say: Say, style: CauseStyle = {}): Shown {
  const [first] = cause;
  const objection = renderObjection(first, say);
  const places = renderOwned(renderPlaces(cause, say, style), style.owner, say);
  const what = places === undefined ? objection : say(phrase('words.where', { places, what: objection }));
  return first.message === undefined ? what : say(phrase('words.said', { message: first.message, what }));
}

/** What is wrong and what to do, without the place. */
export function renderObjection({ code, rule, reason, remedy }: Violation, say: Say): Shown {
  return rule === undefined
    ? say(phrase('words.objection', { reason, code: quote(code), remedy }))
    : say(phrase('words.objection-of-rule', { reason, rule: quote(rule), remedy }));
}

export function renderNotice({ use, text }: Pick<Notice, 'use' | 'text'>, say: Say, isBrief = false): Shown {
  return use === undefined
    ? say(text)
    : say(phrase('words.notice', { place: renderPlace(use, say, isBrief), text }));
}

function renderPlaces(
  cause: Cause,
  say: Say,
  { isBrief = false, placesBytes = PLACES_BYTES }: CauseStyle,
): Shown | undefined {
  const [{ use }, ...others] = cause;
  if (use === undefined) return undefined;
  if (others.length === 0) return renderPlace(use, say, isBrief);
  const uses = cause.flatMap((violation) => violation.use ?? []);
  const render = (one: ImageUse): Shown => renderPlace(one, say, isBrief);
  return joinWithin(uses, render, 'words.next-place', placesBytes, say).text;
}

/** The owner is a claim of the requester. It is shown, but no decision depends on it. */
function renderOwned(places: Shown | undefined, owner: Owner | undefined, say: Say): Shown | undefined {
  if (owner === undefined) return places;
  const kind = quote(owner.kind);
  const name = quote(owner.name, NAME_CHARACTERS);
  return places === undefined
    ? say(phrase('words.owned-pod', { kind, name }))
    : say(phrase('words.owned', { places, kind, name }));
}

function renderPlace(use: ImageUse, say: Say, isBrief: boolean): Shown {
  const { image, usage, container } = use;
  const text = quote(isBrief ? cutEnd(image, BRIEF_CHARACTERS) : image, IMAGE_CHARACTERS);
  // Without quotes, spaces at either end would not be seen.
  const shown = /^\S(?:.*\S)?$/.test(text) ? text : (`"${text}"` as Shown);
  const field = fieldOf(use);
  if (field === undefined) return shown;
  const place = {
    image: shown,
    field: quote(isBrief ? cutStart(field, BRIEF_CHARACTERS) : field, FIELD_CHARACTERS),
  };
  if (container === undefined) return say(phrase('words.place', place));
  const key = usage === 'imageVolume' ? 'words.place-in-volume' : 'words.place-in-container';
  return say(phrase(key, { ...place, name: quote(container) }));
}

function cutEnd(text: string, characters: number): string {
  return text.length > characters ? `${text.slice(0, characters)}...` : text;
}

/** Keeps the end of a field, which is more useful than its start: `...spec.containers[0].image`. */
function cutStart(text: string, characters: number): string {
  return text.length > characters ? `...${text.slice(-characters)}` : text;
}
