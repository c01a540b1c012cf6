import type { Census, Find } from './census.ts';
import type { Case } from './case.ts';

/** A count that differs between two of the three parties. */
export interface Discrepancy {
  readonly key: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** Keys with different counts of the parties (client, log, metrics). */
export function reconcile(parties: Readonly<Record<string, ReadonlyMap<string, number>>>): Discrepancy[] {
  const keys = new Set(Object.values(parties).flatMap((counts) => Array.from(counts.keys())));
  return [...keys].toSorted().flatMap((key) => {
    const counts = Object.fromEntries(
      Object.entries(parties).map(([party, of]) => [party, of.get(key) ?? 0]),
    );
    return new Set(Object.values(counts)).size === 1 ? [] : [{ key, counts }];
  });
}

/** The result of a run of the oracle, for the report. */
export interface OracleRun {
  readonly target: string;
  /** The target that repeats one case. @default the target itself */
  readonly repeatAs?: string;
  readonly seed: number;
  readonly census: Census;
  readonly seconds: number;
  readonly discrepancies: readonly Discrepancy[];
  /** The compared parties: `client = log = metrics`. */
  readonly parties: readonly string[];
  /** More lines, such as measurements. */
  readonly notes?: readonly string[];
}

/** Whether the gate made no fault. */
export function isClean({ census, discrepancies }: OracleRun): boolean {
  return census.faulty === 0 && discrepancies.length === 0;
}

/** The report of a run. With `families` it has the count of each family. */
export function renderRun(run: OracleRun, families: boolean): string {
  const { target, seed, census, seconds, discrepancies, parties, notes = [] } = run;
  const rate = Math.round(census.cases / seconds);
  const total = [...census.records.values()].reduce((sum, count) => sum + count, 0);
  const reconciled =
    discrepancies.length === 0
      ? [`reconciled: ${parties.join(' = ')} = ${total}`]
      : discrepancies.map(({ key, counts }) => `not reconciled: ${key}: ${pairs(Object.entries(counts))}`);
  const lines = [
    `${target}: ${census.cases} cases in ${seconds.toFixed(1)} s (${rate}/s), seed ${seed}`,
    `truth: ${pairs(census.truths)}; answers: ${pairs(census.outcomes)}`,
    ...(families ? [`${census.families.size} families:`, ...column(census.families)] : []),
    ...(families ? [`${census.facets.size} facets:`, ...column(census.facets)] : []),
    ...notes,
    ...census.finds.flatMap((find) => renderFind(run.repeatAs ?? target, seed, find)),
    ...reconciled,
    pairs(census.faults),
  ];
  return `${lines.join('\n')}\n`;
}

/** The command that repeats one case. */
function repeatCommand(target: string, seed: number, { index }: Case): string {
  return `npm run fuzz -- ${target} --seed ${seed} --from ${index} --cases 1`;
}

const MAX_BODY_CHARACTERS = 4000;

function renderFind(target: string, seed: number, { testCase, reply, judgement }: Find): string[] {
  const { index, policy, expected, family } = testCase;
  return [
    `case ${index}: ${judgement.fault}${judgement.detail === undefined ? '' : ` (${judgement.detail})`}`,
    `  truth: ${testCase.truth}, to ${expected}: ${family}`,
    `  policy: ${JSON.stringify(policy.document)}`,
    `  POST ${testCase.target} ${testCase.body.toString().slice(0, MAX_BODY_CHARACTERS)}`,
    `  answer: ${reply === undefined ? 'none' : `${reply.status} ${reply.body.slice(0, MAX_BODY_CHARACTERS)}`}`,
    `  repeat: ${repeatCommand(target, seed, testCase)}`,
  ];
}

function pairs(counts: Iterable<readonly [string, number]>): string {
  return [...counts].map(([key, count]) => `${key} ${count}`).join(', ');
}

function column(counts: ReadonlyMap<string, number>): string[] {
  return [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([key, count]) => `${String(count).padStart(9)}  ${key}`);
}
