import type { Path } from '../document/json.ts';
import { quote } from '../image/quote.ts';

/** A problem that prevents a policy from being loaded. */
export interface PolicyProblem {
  /** From the root of the document: `['spec', 'rules', 0, 'name']`. */
  readonly path: Path;
  readonly message: string;
  readonly hint: string | undefined;
}

/**
 * Parameters have the right types and invalid values. The paths of the problems begin below the part that was parsed. The
 * loader adds file, line and column.
 */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[], options?: ErrorOptions) {
    super(problems.map(({ message }) => message).join('; '), options);
    this.problems = problems;
  }

  /** The same problems, seen from a part that contains the parsed one. */
  below(...path: Path): ParameterError {
    const moved = this.problems.map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
    return new ParameterError(moved, { cause: this });
  }
}

/** An error about one value. */
export function parameterError(
  path: Path,
  message: string,
  hint: string,
  options?: ErrorOptions,
): ParameterError {
  return new ParameterError([{ path, message, hint }], options);
}

/** Gathers the problems of several parts, so that an error names all of them. */
export class ProblemList {
  readonly problems: PolicyProblem[] = [];

  /** The result of `parse`; `undefined` if it throws a `ParameterError`, whose problems are kept. */
  async attempt<Result>(path: Path, parse: () => Result | Promise<Result>): Promise<Result | undefined> {
    try {
      return await parse();
    } catch (error) {
      this.add(error, path);
      return undefined;
    }
  }

  /** Like `attempt`, for each item of a list. `path` is the path of the list. */
  each<Item, Result>(items: readonly Item[], path: Path, parse: (item: Item) => Result): Result[] {
    return items.flatMap((item, index) => {
      try {
        return [parse(item)];
      } catch (error) {
        this.add(error, [...path, index]);
        return [];
      }
    });
  }

  /** @throws the error, if it is no `ParameterError` */
  add(error: unknown, path: Path): void {
    if (!(error instanceof ParameterError)) throw error;
    this.problems.push(...error.below(...path).problems);
  }

  /** @throws {ParameterError} with all problems, if there are any */
  throwIfAny(): void {
    if (this.problems.length > 0) throw new ParameterError(this.problems);
  }
}

/** A problem as text, without its file and line: `spec.rules[0].name: it is missing (write text)`. */
export function sayProblem({ path, message, hint }: PolicyProblem): string {
  const place = path.length === 0 ? '' : `${renderPath(path)}: `;
  return `${place}${message}${hint === undefined ? '' : ` (${hint})`}`;
}

function renderPath(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${quote(key)}`))
    .join('')
    .replace(/^\./, '');
}
