import { mock } from 'node:test';
import { pathToFileURL } from 'node:url';

/**
 * Replaces `node:test` in mutation runs: it keeps the tests of a file instead of running them, so that they can be run a
 * thousand times in one process. It has only the features that these tests use.
 */

type Body = (context: TestContext) => unknown;
type Arguments = readonly [name: string, ...rest: readonly unknown[]];
type Moment = 'before' | 'after' | 'beforeEach' | 'afterEach';

interface Suite {
  readonly name: string;
  readonly parent: Suite | undefined;
  readonly hooks: Readonly<Record<Moment, Body[]>>;
}

/** A test of a file. */
export interface KeptTest {
  /** File, suites and title; unique. */
  readonly id: string;
  readonly suite: Suite;
  readonly body: Body;
}

/** The context of a test, with the members that these tests use. */
export class TestContext {
  readonly name: string;
  readonly mock = mock;
  readonly #cleanups: Body[] = [];

  constructor(name: string) {
    this.name = name;
  }

  after(cleanup: Body): void {
    this.#cleanups.push(cleanup);
  }

  diagnostic(): void {}

  async test(...args: Arguments): Promise<void> {
    await new TestContext(args[0]).run(bodyOf(args));
  }

  async run(body: Body): Promise<void> {
    try {
      await body(this);
    } finally {
      for (const cleanup of this.#cleanups) await cleanup(this);
    }
  }
}

const kept = new Map<string, KeptTest>();
const loading: Promise<unknown>[] = [];
let current = makeSuite('', undefined);

/** Removes all tests before the files are loaded again. */
export function forgetTests(): void {
  kept.clear();
}

/** All tests of the files, in order. The files are below the working directory. */
export async function keepTests(files: readonly string[]): Promise<readonly KeptTest[]> {
  for (const file of files) {
    current = makeSuite(file, undefined);
    await import(pathToFileURL(file).href);
    await Promise.all(loading.splice(0));
  }
  return [...kept.values()];
}

/** Runs tests one after the other, with hooks. Hooks of suites run once: before the first test and after the last. */
export class TestRun implements AsyncDisposable {
  readonly #started = new Set<Suite>();

  /** @throws the error of the test. */
  async run({ suite, id, body }: KeptTest): Promise<void> {
    const suites = lineage(suite);
    const context = new TestContext(id);
    for (const each of suites) await this.#start(each, context);
    try {
      for (const { hooks } of suites) await runAll(hooks.beforeEach, context);
      await context.run(body);
    } finally {
      for (const { hooks } of suites.toReversed()) await runAll(hooks.afterEach, context);
      mock.reset();
    }
  }

  async #start(suite: Suite, context: TestContext): Promise<void> {
    if (this.#started.has(suite)) return;
    this.#started.add(suite);
    await runAll(suite.hooks.before, context);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { hooks, name } of [...this.#started].toReversed()) {
      await runAll(hooks.after, new TestContext(name));
    }
  }
}

export function test(...args: Arguments): Promise<void> {
  const path = [...lineage(current).map(({ name }) => name), args[0]].join(' > ');
  let id = path;
  for (let count = 2; kept.has(id); count += 1) id = `${path} #${count}`;
  kept.set(id, { id, suite: current, body: bodyOf(args) });
  return Promise.resolve();
}

export function describe(...args: Arguments): Promise<void> {
  const outer = current;
  current = makeSuite(args[0], outer);
  const loaded = bodyOf(args)(new TestContext(args[0]));
  current = outer;
  if (loaded instanceof Promise) loading.push(loaded);
  return Promise.resolve();
}

export const before = hook('before');
export const after = hook('after');
export const beforeEach = hook('beforeEach');
export const afterEach = hook('afterEach');

export { mock, test as it, describe as suite };
export default Object.assign(test, {
  test,
  it: test,
  describe,
  suite: describe,
  before,
  after,
  beforeEach,
  afterEach,
  mock,
});

function hook(moment: Moment): (body: Body) => void {
  return (body) => void current.hooks[moment].push(body);
}

function makeSuite(name: string, parent: Suite | undefined): Suite {
  return { name, parent, hooks: { before: [], after: [], beforeEach: [], afterEach: [] } };
}

function lineage(suite: Suite): readonly Suite[] {
  return suite.parent === undefined ? [suite] : [...lineage(suite.parent), suite];
}

function bodyOf(args: Arguments): Body {
  const body = args.at(-1);
  return typeof body === 'function' ? (body as Body) : () => undefined;
}

async function runAll(hooks: readonly Body[], context: TestContext): Promise<void> {
  for (const body of hooks) await body(context);
}
