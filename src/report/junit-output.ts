import type { Say } from '../admission/fit.ts';
import { oneLine } from '../language/one-line.ts';
import type { Output } from './output.ts';
import type { FileResult, ObjectResult, PlacedViolation, UnreadPart } from './result.ts';
import { entriesOf, entryOfNote, renderUnread, type Entry } from './sentence.ts';

/**
 * JUnit XML as the xUnit plugin of Jenkins reads it: a test suite for each file and a test case for each object. What
 * fails the command is a failure, a file that cannot be read is an error, and everything else is printed output.
 * @see https://github.com/jenkinsci/xunit-plugin
 */
export function createJunit(say: Say, isFailing: (violation: PlacedViolation) => boolean): Output {
  let isFirst = true;
  const open = (): string => {
    const start = isFirst
      ? '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="kube-image-bouncer">\n'
      : '';
    isFirst = false;
    return start;
  };
  return {
    ofFile: (file) => open() + renderSuite(file, say, isFailing),
    atEnd: () => `${open()}</testsuites>\n`,
  };
}

function renderSuite(file: FileResult, say: Say, isFailing: (violation: PlacedViolation) => boolean): string {
  const isFailure = ({ kind, violation }: Entry): boolean =>
    violation === undefined ? kind === 'refused' : violation.isAccepted !== true && isFailing(violation);
  const cases = file.objects.map((object) => ({ object, entries: entriesOf(object, say) }));
  const failed = cases.filter(({ entries }) => entries.some(isFailure)).length;
  const notes = file.notes.map((note) => entryOfNote(note, '', say));
  const own = notes.length > 0 || file.unread.length > 0;
  const attributes = attributesOf({
    name: file.file,
    tests: cases.length + (own ? 1 : 0),
    failures: failed,
    errors: file.unread.length === 0 ? 0 : 1,
  });
  const lines = [
    ...(own ? [renderFileCase(file, notes)] : []),
    ...cases.map(({ object, entries }) => renderObjectCase(file.file, object, entries, isFailure)),
  ];
  return `  <testsuite${attributes}>\n${lines.join('')}  </testsuite>\n`;
}

function renderObjectCase(
  file: string,
  { title, namespace }: ObjectResult,
  entries: readonly Entry[],
  isFailure: (entry: Entry) => boolean,
): string {
  const name = namespace === undefined || namespace === '' ? title : `${title} in ${namespace}`;
  const attributes = attributesOf({ name, classname: file });
  if (entries.length === 0) return `    <testcase${attributes}/>\n`;
  const parts = entries.map((entry) =>
    isFailure(entry) ? renderPart('failure', entry.code, entry.sentence, textOf(entry)) : renderOutput(entry),
  );
  return `    <testcase${attributes}>\n${parts.join('')}    </testcase>\n`;
}

function renderFileCase({ file, unread }: FileResult, notes: readonly Entry[]): string {
  const parts = [...unread.map(renderError), ...notes.map(renderOutput)];
  const attributes = attributesOf({ name: file, classname: file });
  return `    <testcase${attributes}>\n${parts.join('')}    </testcase>\n`;
}

function renderError(part: UnreadPart): string {
  return renderPart('error', part.code, part.sentence, renderUnread(part));
}

function renderPart(element: 'failure' | 'error', type: string, message: string, text: string): string {
  return `      <${element}${attributesOf({ type, message })}>${escapeXml(text)}</${element}>\n`;
}

function renderOutput(entry: Entry): string {
  return `      <system-out>${escapeXml(`${entry.kind}: ${textOf(entry)}`)}</system-out>\n`;
}

function textOf({ place, sentence }: Entry): string {
  return place === undefined ? sentence : `${place.file}:${place.line}:${place.column}: ${sentence}`;
}

function attributesOf(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // A log of Azure Pipelines or GitHub Actions reads "##[" and "##vso[" as commands.
  '#': '&#35;',
  // The last two are the characters of one line that XML does not have.
  '\ufffe': '\\ufffe',
  '\uffff': '\\uffff',
};

function escapeXml(text: string): string {
  return oneLine(text).replace(/[&<>"'#\ufffe\uffff]/g, (character) => ENTITIES[character] ?? '');
}
