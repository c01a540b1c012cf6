/** What is mutated together, and whose tests have to notice. */
export interface Room {
  /** Globs of the sources whose mutants count, below the root. */
  readonly sources: readonly string[];
  /** Globs of the tests that try them. */
  readonly tests: readonly string[];
}

/** The rooms that decide; their score is held at 90 % (C20). */
export const ROOMS: Readonly<Record<string, Room>> = {
  image: room('image'),
  workload: room('workload'),
  policy: room('policy'),
  admission: room('admission'),
};

function room(name: string): Room {
  return {
    sources: [`src/${name}/**/*.ts`, `!src/${name}/**/*.test.ts`],
    tests: [`src/${name}/**/*.test.ts`],
  };
}
