import type { Say } from '../admission/fit.ts';
import { fieldOf, type ImageUse } from '../image/use.ts';
import { inert } from '../language/terminal.ts';
import { createJsonList } from './json-list.ts';
import type { Output } from './output.ts';
import type { Note, ObjectResult, Place, PlacedViolation, UnreadPart } from './result.ts';

/**
 * One document: `{objects, refused, notUnderstood, notes, unread}`. Each object is written with its file; only the notes
 * about files and the unread parts are kept until the end.
 */
export function createJson(say: Say): Output {
  const list = createJsonList('{\n  "objects": [');
  const notes: object[] = [];
  const unread: object[] = [];
  return {
    ofFile(file) {
      notes.push(...file.notes.map((note) => jsonOfNote(note, say)));
      unread.push(...file.unread.map(jsonOfUnread));
      return file.objects.map((object) => list.item(jsonOfObject(object, say))).join('');
    },
    atEnd: ({ refused, accepted, notUnderstood }, gone) =>
      list.end({ refused, ...(gone && { accepted, gone }), notUnderstood, notes, unread }),
  };
}

/** A line of JSON for each object, each note about a file and each unread part, and a last line with the totals. */
export function createNdjson(say: Say): Output {
  const line = (kind: string, value: object): string =>
    `${inert(JSON.stringify({ type: kind, ...value }))}\n`;
  return {
    ofFile: ({ objects, notes, unread }) =>
      [
        ...objects.map((object) => line('object', jsonOfObject(object, say))),
        ...notes.map((note) => line('note', jsonOfNote(note, say))),
        ...unread.map((part) => line('unread', jsonOfUnread(part))),
      ].join(''),
    atEnd: (totals, gone = []) =>
      gone.map((result) => line('gone', result)).join('') + line('summary', totals),
  };
}

function jsonOfObject(object: ObjectResult, say: Say): object {
  const { place, title, namespace, verdict, images, violations, notes, failure } = object;
  return {
    ...jsonOfPlace(place),
    object: title,
    namespace: namespace ?? null,
    verdict,
    images: images.map(jsonOfUse),
    violations: violations.map((violation) => jsonOfViolation(violation, say)),
    notes: notes.map((note) => jsonOfNote(note, say)),
    ...(failure !== undefined && { error: { code: failure.code, message: say(failure.reason) } }),
  };
}

/** The place as one text, and its parts. */
function jsonOfPlace(place: Place | undefined): object {
  if (place === undefined) return {};
  const { file, line, column, endLine, endColumn } = place;
  return { place: `${file}:${line}:${column}`, file, line, column, endLine, endColumn };
}

function jsonOfUse(use: ImageUse): object {
  const { usage, container, image } = use;
  return { field: fieldOf(use), usage, container, image };
}

function jsonOfViolation(violation: PlacedViolation, say: Say): object {
  const { place, code, actions, rule, use, reason, remedy, message, isAccepted } = violation;
  return {
    ...jsonOfPlace(place),
    code,
    actions,
    rule: rule ?? null,
    ...(use && jsonOfUse(use)),
    reason: say(reason),
    remedy: say(remedy),
    message: message ?? null,
    ...(isAccepted === true && { accepted: true }),
  };
}

function jsonOfNote({ code, place, use, text }: Note, say: Say): object {
  return { ...jsonOfPlace(place), code, ...(use && jsonOfUse(use)), text: say(text) };
}

function jsonOfUnread({ file, region, code, sentence }: UnreadPart): object {
  return { file, ...region, code, message: sentence };
}
