/** What is mutated together, and whose tests have to notice. */
interface Room {
  /** Globs of the sources whose mutants count, below the root. */
  readonly sources: readonly string[];
  /** Globs of the tests that try them. */
  readonly tests: readonly string[];
}

/** Whole reviews through the core and both protocols: what a mutant changes there, the world would see. */
const WHOLE = ['verdicts', 'protocols', 'recordings'].map((name) => `test/suite/${name}.test.ts`);

/** The rooms that decide; their score is held at 90 % (C20). */
export const ROOMS: Readonly<Record<string, Room>> = {
  image: room('image', []),
  workload: room('workload', ['test/custom-resources/*.test.ts', ...WHOLE]),
  policy: room('policy', WHOLE),
  admission: room('admission', WHOLE),
};

function room(name: string, tests: readonly string[]): Room {
  return {
    sources: [`src/${name}/**/*.ts`, `!src/${name}/**/*.test.ts`],
    tests: [`src/${name}/**/*.test.ts`, ...tests],
  };
}
