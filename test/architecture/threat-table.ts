import { filesBelow, readSource } from './sources.ts';

/** A row of docs/threats.md or docs/field-cases.md. */
export interface Threat {
  readonly id: string;
  /** The attack, or the correct result of a case. */
  readonly attempt: string;
  /** Title of a test, or a sentence with the reason why it has no test. */
  readonly heldBy: string;
  /** Files with its tests; none if there is a sentence. */
  readonly files: readonly string[];
}

/** A test whose title has an id. */
interface NamedTest {
  readonly id: string;
  readonly title: string;
  readonly file: string;
}

/** The pages with a table. */
export const PAGES = ['docs/threats.md', 'docs/field-cases.md'];

/** The ids that the tables must have. */
export const THREATS: readonly string[] = [
  ...range('A', 1, 24),
  'A29',
  ...range('A', 31, 39),
  ...range('B', 1, 30),
  ...range('C', 1, 20),
  ...range('E', 1, 4),
  ...range('E', 8, 17),
  ...range('F', 1, 20),
  'G22',
  ...range('K', 1, 10),
  ...range('X', 1, 17),
  ...range('XH', 1, 18, 1),
  'XI1',
  'XI5',
  'XI6',
  'XN1',
  'XP1',
];

function range(letters: string, first: number, last: number, digits = 2): string[] {
  return Array.from(
    { length: last - first + 1 },
    (_, index) => letters + String(first + index).padStart(digits, '0'),
  );
}

/** The first string of `test('…'`, `it(`, `describe(` or `context.test(`, and any string that starts with an id: a row of a table of cases. */
const TITLE =
  /\b(?:test|it|describe|suite)(?:\.\w+)?\(\s*(?<quote>['"`])(?<call>(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>|(?<mark>['"`])(?<row>(?:[A-KX]\d\d|X[HINP]\d{1,2})(?![\w-])(?:\\.|(?!\k<mark>)[^\\\n])*)\k<mark>/g;

const ID = /\b(?:[A-KX]\d\d|X[HINP]\d{1,2})\b/g;

/** The id of a line that is a row. */
export const ROW = /^\| (?<id>[A-KX]\d\d|X[HINP]\d{1,2}) \|/;

/** Every test with an id in its title, in the order of the files. */
export function namedTests(): readonly NamedTest[] {
  const files = [
    ...filesBelow('src', '.test.ts'),
    ...filesBelow('test', '.test.ts'),
    ...filesBelow('test', '.e2e.ts'),
    ...filesBelow('test', '.chaos.ts'),
    ...filesBelow('test', '.fuzz.ts'),
  ];
  // These two files contain ids as data.
  return files
    .filter(({ path }) => path !== 'test/architecture/threats.test.ts')
    .flatMap(({ path, code }) => titlesOf(code).map(({ id, title }) => ({ id, title, file: path })));
}

/** The ids in the titles of one file, each with the title that has it. */
export function titlesOf(code: string): readonly Omit<NamedTest, 'file'>[] {
  return [...code.matchAll(TITLE)].flatMap(({ groups }) => {
    const title = unescaped(groups?.['call'] ?? groups?.['row'] ?? '');
    return [...title.matchAll(ID)].map(([id]) => ({ id, title }));
  });
}

/** The title as the output has it, with … in place of values that only the run knows. */
function unescaped(text: string): string {
  return text.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…').replaceAll(/\\(['"`\\])/g, '$1');
}

/** The rows of all pages. */
export function readThreats(): readonly Threat[] {
  return PAGES.flatMap((page) => readSource(page).text.split('\n'))
    .filter((line) => ROW.test(line))
    .map((line) => {
      const [id = '', attempt = '', heldBy = '', files = ''] = line
        .split(/(?<!\\)\|/)
        .slice(1)
        .map((cell) => cell.trim());
      return {
        id,
        attempt,
        heldBy: heldBy.replaceAll(String.raw`\|`, '|'),
        files: [...files.matchAll(/`([^`]+)`/g)].map(([, file]) => file ?? ''),
      };
    });
}

/** One line of the table. */
export function renderThreat({ id, attempt, heldBy, files }: Threat): string {
  const cells = [
    id,
    attempt,
    heldBy.replaceAll('|', String.raw`\|`),
    files.map((file) => `\`${file}\``).join(', '),
  ];
  return `| ${cells.join(' | ')} |`.replaceAll(/ {2,}\|/g, ' |');
}
