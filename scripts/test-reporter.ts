import { relative } from 'node:path';
import type { EventData } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

interface Known {
  readonly name: string;
  readonly file?: string | undefined;
  readonly parentId: number | undefined;
  readonly type: 'suite' | 'test';
}

/** Prints each failure with the command that runs it again, and the summary of the runner. A green run prints only the summary. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const known = new Map<string, Known>();
  for await (const event of events) {
    if (event.type === 'test:enqueue') known.set(key(event.data.file, event.data.testId), event.data);
    else if (event.type === 'test:fail') yield failure(event.data, known);
    else if (event.type === 'test:interrupted') yield* event.data.tests.map(interruption);
    else if (event.type === 'test:stderr' || event.type === 'test:stdout') yield event.data.message;
    else if (event.type === 'test:diagnostic' && event.data.nesting === 0) yield `ℹ ${event.data.message}\n`;
  }
}

function interruption({ name, file, line }: EventData.TestStart): string {
  return `✖ interrupted: ${name} (${relative('', file ?? '')}:${line})\n`;
}

function failure(data: EventData.TestFail, known: ReadonlyMap<string, Known>): string {
  const { error } = data.details;
  // A suite that failed because of its test adds no information. A test with the mark todo does not fail a run.
  if (data.todo !== undefined || ('failureType' in error && error.failureType === 'subtestsFailed'))
    return '';
  const file = relative('', data.file ?? '');
  const names = ancestry(data, known);
  const cause = error.cause instanceof Error ? error.cause : error;
  return [
    `✖ ${names.join(' › ')} (${file}:${data.line})`,
    indent(withoutRunner(describe(cause))),
    `  again: ${repeatCommand(file, data, known)}`,
    '',
    '',
  ].join('\n');
}

/**
 * The runner compares the pattern with the names of a test and its suites, joined by spaces. For a subtest the
 * command runs its test. For a file that cannot be loaded it runs the file.
 */
function repeatCommand(file: string, data: EventData.TestFail, known: ReadonlyMap<string, Known>): string {
  let repeated = known.get(key(data.file, data.testId));
  if (repeated === undefined || data.name === file) return `npx node --test ${file}`;
  let names = [repeated.name];
  for (let parent = parentOf(repeated, known); parent !== undefined; parent = parentOf(parent, known)) {
    names = parent.type === 'suite' ? [parent.name, ...names] : [parent.name];
    repeated = parent;
  }
  const pattern = `^${names.join(' ').replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)}$`;
  return `npx node --test --test-name-pattern='${pattern.replaceAll("'", String.raw`'\''`)}' ${file}`;
}

function ancestry(data: EventData.TestFail, known: ReadonlyMap<string, Known>): string[] {
  const names = [data.name];
  for (let at = parentOf(data, known); at !== undefined; at = parentOf(at, known)) names.unshift(at.name);
  return names;
}

function parentOf(
  of: Pick<Known, 'file' | 'parentId'>,
  known: ReadonlyMap<string, Known>,
): Known | undefined {
  return of.parentId === undefined ? undefined : known.get(key(of.file, of.parentId));
}

/** Ids are unique in a process. A process runs one file or all files. */
function key(file: string | undefined, testId: number): string {
  return `${file ?? ''} ${testId}`;
}

/** The message of an assertion has the difference already. Printing its fields would repeat it. */
function describe(cause: Error): string {
  return 'code' in cause && cause.code === 'ERR_ASSERTION' && cause.stack !== undefined
    ? cause.stack
    : inspect(cause);
}

/** Leaves out the frames of the runner. */
function withoutRunner(text: string): string {
  return text.replaceAll(/\n +at [^\n]*(?:node:|<anonymous>\))[^\n]*/g, '');
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
