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

/** Prints what failed, how to run exactly that again, and the runner's own summary; a green run is the summary alone. */
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
  // A suite that failed because a test in it did says nothing new; a test marked todo fails no run.
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
 * The pattern is matched against the names of a test and its suites, joined by spaces. A subtest exists only while
 * its test runs, so it is that test which is repeated; a file that cannot be loaded is repeated whole.
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

/** Ids are unique in a process, and a process may hold one file or all of them. */
function key(file: string | undefined, testId: number): string {
  return `${file ?? ''} ${testId}`;
}

/** An assertion's message holds the difference already; its fields would print it twice. */
function describe(cause: Error): string {
  return 'code' in cause && cause.code === 'ERR_ASSERTION' && cause.stack !== undefined
    ? cause.stack
    : inspect(cause);
}

/** Frames of the runner tell nothing about the failure. */
function withoutRunner(text: string): string {
  return text.replaceAll(/\n +at [^\n]*(?:node:|<anonymous>\))[^\n]*/g, '');
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
