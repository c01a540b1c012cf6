import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';

import { commonTokens, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import type { MutantCoverage, StrykerOptions } from '@stryker-mutator/api/core';
import {
  determineHitLimitReached,
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';

import { createModuleLoader, type ModuleLoader } from './module-loader.ts';
import { forgetTests, keepTests, type KeptTest, TestRun } from './node-test.ts';

/** State that mutated code shares with the runner. */
interface Instrumentation {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  mutantCoverage?: MutantCoverage | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
}

/** Globs of the tests, below the root. */
export interface NodeTestOptions extends StrykerOptions {
  readonly nodeTest: { readonly files: readonly string[] };
}

/** Runs in a copy of the tree, which is the working folder of each process. */
const DURATIONS = 'test-durations.json';

/** Loads tests of `node:test` once and runs them in this process for each mutant. */
class NodeTestRunner implements TestRunner {
  static readonly inject = tokens(commonTokens.options);
  readonly #files: readonly string[];
  #tests: readonly KeptTest[] | undefined;
  #loader: ModuleLoader | undefined;

  constructor(options: StrykerOptions) {
    this.#files = (options as NodeTestOptions).nodeTest.files;
  }

  /** A mutant that runs while modules load has an effect only after they are reloaded. */
  capabilities(): { readonly reloadEnvironment: boolean } {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    this.#loader = createModuleLoader(process.cwd());
    return Promise.resolve();
  }

  async dryRun(): Promise<DryRunResult> {
    const state = instrumentation();
    const results = await this.#run(await this.#load(), false);
    const { mutantCoverage } = state;
    writeFileSync(
      DURATIONS,
      JSON.stringify(Object.fromEntries(results.map(({ id, timeSpentMs }) => [id, timeSpentMs]))),
    );
    return {
      status: DryRunStatus.Complete,
      tests: results,
      ...(mutantCoverage === undefined ? {} : { mutantCoverage }),
    };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const state = instrumentation();
    const { activeMutant, hitLimit, mutantActivation, reloadEnvironment, testFilter, disableBail } = options;
    state.hitCount = hitLimit === undefined ? undefined : 0;
    state.hitLimit = hitLimit;
    state.activeMutant = mutantActivation === 'static' ? activeMutant.id : undefined;
    if (reloadEnvironment) this.#reload();
    const tests = await this.#load().catch((error: unknown) => error);
    if (!Array.isArray(tests)) return killedByLoading(tests);
    state.activeMutant = activeMutant.id;
    const wanted = testFilter === undefined ? undefined : new Set(testFilter);
    const chosen = (tests as readonly KeptTest[]).filter(({ id }) => wanted?.has(id) ?? true);
    const results = await this.#run(chosen, !disableBail);
    state.activeMutant = undefined;
    return toMutantRunResult(
      determineHitLimitReached(state.hitCount, state.hitLimit) ?? {
        status: DryRunStatus.Complete,
        tests: results,
      },
    );
  }

  #reload(): void {
    this.#tests = undefined;
    forgetTests();
    this.#loader?.reload();
  }

  async #load(): Promise<readonly KeptTest[]> {
    const files = this.#files.flatMap((pattern) => globSync(pattern)).sort();
    this.#tests ??= fastestFirst(await keepTests(files));
    return this.#tests;
  }

  async #run(tests: readonly KeptTest[], bail: boolean): Promise<TestResult[]> {
    const state = instrumentation();
    const results: TestResult[] = [];
    await using run = new TestRun();
    for (const test of tests) {
      state.currentTestId = test.id;
      const result = await outcome(run, test);
      state.currentTestId = undefined;
      results.push(result);
      if (bail && result.status === TestStatus.Failed) break;
    }
    return results;
  }
}

/** The fastest tests run first, because they detect most mutants. */
function fastestFirst(tests: readonly KeptTest[]): readonly KeptTest[] {
  if (!existsSync(DURATIONS)) return tests;
  const durations = JSON.parse(readFileSync(DURATIONS, 'utf8')) as Readonly<Record<string, number>>;
  return [...tests].sort((a, b) => (durations[a.id] ?? 0) - (durations[b.id] ?? 0));
}

async function outcome(run: TestRun, test: KeptTest): Promise<TestResult> {
  const started = performance.now();
  const failure = await run.run(test).then(
    () => undefined,
    (error: unknown) => String(error instanceof Error ? error.message : error),
  );
  const result = { id: test.id, name: test.id, timeSpentMs: performance.now() - started };
  return failure === undefined
    ? { ...result, status: TestStatus.Success }
    : { ...result, status: TestStatus.Failed, failureMessage: failure };
}

/** A module that cannot be loaded with its mutant fails every test. */
function killedByLoading(error: unknown): MutantRunResult {
  return toMutantRunResult({
    status: DryRunStatus.Complete,
    tests: [
      { id: 'load', name: 'load', timeSpentMs: 0, status: TestStatus.Failed, failureMessage: String(error) },
    ],
  });
}

function instrumentation(): Instrumentation {
  const scope = globalThis as { __stryker__?: Instrumentation };
  return (scope.__stryker__ ??= {});
}

export const strykerPlugins = [
  { kind: PluginKind.TestRunner, name: 'node-test', injectableClass: NodeTestRunner },
];

export const strykerValidationSchema = {
  properties: { nodeTest: { type: 'object', properties: { files: { type: 'array' } } } },
};
