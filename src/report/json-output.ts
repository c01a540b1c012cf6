import type { Say } from '../admission/fit.ts';
import { fieldOf, type ImageUse } from '../image/use.ts';
import { fitForTerminal } from '../language/terminal.ts';
import type { Output } from './output.ts';
import type { Note, ObjectResult, Place, PlacedViolation, UnreadPart } from './result.ts';

/**
 * One document: `{objects, refused, notUnderstood, notes, unread}`. Each object is written with its file; only the notes
 * and the unread parts are kept until the end.
 */
export function renderJson(say: Say): Output {
  const notes: Note[] = [];
  const unread: UnreadPart[] = [];
  let isFirst = true;
  const item = (object: ObjectResult): string => {
    const text = JSON.stringify(jsonOfObject(object, say), null, 2).replaceAll('\n', '\n    ');
    const start = isFirst ? '{\n  "objects": [\n    ' : ',\n    ';
    isFirst = false;
    return start + text;
  };
  return {
    ofFile(file) {
      notes.push(...file.notes);
      unread.push(...file.unread);
      return fitForTerminal(file.objects.map(item).join(''));
    },
    atEnd({ refused, notUnderstood }) {
      const start = isFirst ? '{\n  "objects": [' : '\n  ';
      const rest = {
        refused,
        notUnderstood,
        notes: notes.map((note) => jsonOfNote(note, say)),
        unread: unread.map(jsonOfUnread),
      };
      return fitForTerminal(`${start}],${JSON.stringify(rest, null, 2).slice(1)}\n`);
    },
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
  const { place, code, actions, rule, use, reason, remedy, message } = violation;
  return {
    ...jsonOfPlace(place),
    code,
    actions,
    rule: rule ?? null,
    ...(use && jsonOfUse(use)),
    reason: say(reason),
    remedy: say(remedy),
    message: message ?? null,
  };
}

function jsonOfNote({ code, place, use, text }: Note, say: Say): object {
  return { ...jsonOfPlace(place), code, ...(use && jsonOfUse(use)), text: say(text) };
}

function jsonOfUnread({ file, region, code, sentence }: UnreadPart): object {
  const { line, column } = region ?? {};
  return { file, line, column, code, message: sentence };
}
