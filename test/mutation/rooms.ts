/** Sources that are mutated together, and the tests that must detect the mutants. */
interface Room {
  /** Globs of the sources whose mutants count, below the root. */
  readonly sources: readonly string[];
  /** Globs of the tests. */
  readonly tests: readonly string[];
}

/** Tests of complete reviews through the core and both protocols. */
const WHOLE = ['verdicts', 'protocols', 'recordings'].map((name) => `test/suite/${name}.test.ts`);

/** The folders that decide about images. Their score must be 90 % (C20). */
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
