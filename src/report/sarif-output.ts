import { createHash } from 'node:crypto';
import { sep } from 'node:path';
import type { Region } from '../document/text-document.ts';
import type { Say } from '../admission/fit.ts';
import { phrase } from '../language/phrase.ts';
import { identityOf, keyOf } from './identity.ts';
import { createJsonList } from './json-list.ts';
import type { Output } from './output.ts';
import type { FileResult, ObjectResult, Place, PlacedViolation, UnreadPart } from './result.ts';
import { entriesOf, entryOfNote, type Entry } from './sentence.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const HEAD = `{\n  "$schema": "${SCHEMA}",\n  "version": "2.1.0",\n  "runs": [\n    {\n      "results": [`;

const LEVELS = { refused: 'error', warned: 'warning', audited: 'note', note: 'none' } as const;

/**
 * SARIF 2.1.0, one run. The results are written file by file; the rules that they name come behind them.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function createSarif(say: Say, version: string): Output {
  const list = createJsonList(HEAD, 4, '\n  ]\n}');
  const rules = new Rules();
  const unread: UnreadPart[] = [];
  return {
    ofFile(file) {
      unread.push(...file.unread);
      return resultsOf(file, rules, say).map(list.item).join('');
    },
    atEnd: () =>
      list.end({
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: unread.length === 0,
            toolExecutionNotifications: unread.map(notificationOf),
          },
        ],
        tool: { driver: { name: 'kube-image-bouncer', version, rules: rules.descriptors } },
      }),
  };
}

/** The rules that results name, in the order of their first result. */
class Rules {
  readonly descriptors: object[] = [];
  readonly #indexes = new Map<string, number>();

  /** The reference of a result to its rule. */
  refer(id: string, level: string, describe: () => string): object {
    let index = this.#indexes.get(id);
    if (index === undefined) {
      index = this.descriptors.length;
      this.#indexes.set(id, index);
      this.descriptors.push({
        id,
        shortDescription: { text: escapeMessage(describe()) },
        defaultConfiguration: { level },
        properties: { tags: ['security', 'kubernetes'] },
      });
    }
    return { ruleId: id, ruleIndex: index };
  }
}

function resultsOf({ file, notes, objects }: FileResult, rules: Rules, say: Say): object[] {
  return [
    ...notes.map((note) => resultOf(entryOfNote(note, '', say), file, undefined, rules, say)),
    ...objects.flatMap((object) =>
      entriesOf(object, say).map((entry) => resultOf(entry, file, object, rules, say)),
    ),
  ];
}

function resultOf(
  entry: Entry,
  file: string,
  object: ObjectResult | undefined,
  rules: Rules,
  say: Say,
): object {
  const { kind, code, rule, title, sentence, place, violation } = entry;
  const level = LEVELS[kind];
  const logical = title === '' ? {} : { logicalLocations: [{ fullyQualifiedName: title, kind: 'object' }] };
  return {
    ...rules.refer(rule ?? code, level, () => describeRule(entry, say)),
    ...(level === 'none' && { kind: 'informational' }),
    level,
    message: { text: escapeMessage(title === '' ? sentence : `${title}: ${sentence}`) },
    locations: [{ ...physicalLocation(file, place), ...logical }],
    ...(object && violation && detailsOf(file, object, violation)),
  };
}

function describeRule({ rule, code, violation }: Entry, say: Say): string {
  if (violation?.message !== undefined) return violation.message;
  return rule === undefined ? code : say(phrase('check.rule', { rule }));
}

function detailsOf(file: string, object: ObjectResult, violation: PlacedViolation): object {
  const identity = keyOf(identityOf(file, object, violation));
  const hash = createHash('sha256').update(identity.toWellFormed()).digest('hex').slice(0, 32);
  return {
    partialFingerprints: { 'kubeImageBouncer/v1': hash },
    ...(violation.isAccepted === true && { suppressions: [{ kind: 'external', status: 'accepted' }] }),
  };
}

function notificationOf({ file, region, code, sentence }: UnreadPart): object {
  return {
    level: 'error',
    descriptor: { id: code },
    message: { text: escapeMessage(sentence) },
    locations: [physicalLocation(file, region)],
  };
}

function physicalLocation(file: string, place: Place | Region | undefined): object {
  const region = place && {
    startLine: place.line,
    startColumn: place.column,
    endLine: place.endLine,
    endColumn: place.endColumn,
  };
  return { physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...(region && { region }) } };
}

/** A path as a URI: relative if the path is, otherwise with the scheme `file`. */
function uriOf(file: string): string {
  const [first = '', ...others] = file.toWellFormed().split(sep);
  const rest = others.map((segment) => `/${encodeURIComponent(segment)}`).join('');
  if (/^[a-z]:$/i.test(first)) return `file:///${first}${rest}`;
  return first === '' ? `file://${rest}` : `${encodeURIComponent(first)}${rest}`;
}

/** Braces are placeholders in a message, and `[text](target)` is a link. */
function escapeMessage(text: string): string {
  return text.replace(/[{}]/g, '$&$&').replaceAll('](', '\\](');
}
