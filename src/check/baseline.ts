import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { inert } from '../language/terminal.ts';
import { identityOf, keyOf, type AcceptedResult } from '../report/identity.ts';
import type { FileResult, ObjectResult, PlacedViolation } from '../report/result.ts';
import { readSettingsFile, SettingsFileError } from './settings-file.ts';

const ENTRY = z.strictObject({
  file: z.string(),
  object: z.string(),
  container: z.string().optional(),
  rule: z.string(),
  image: z.string().optional(),
  count: z.int().min(2, 'write a number from 2, or leave it out').optional(),
});

const SCHEMA = z.strictObject({ version: z.literal(1), accepted: z.array(ENTRY) });

/** Accepted results. Each of them has no line, so that it stays accepted when other lines of its file change. */
export class Baseline {
  readonly #entries = new Map<string, AcceptedResult>();
  readonly #nameOf: (file: string) => string;

  /** `nameOf` returns the name that a file has in all runs. */
  constructor(entries: readonly AcceptedResult[], nameOf: (file: string) => string) {
    this.#nameOf = nameOf;
    for (const entry of entries) {
      const key = keyOf(entry);
      this.#entries.set(key, { ...entry, count: (this.#entries.get(key)?.count ?? 0) + entry.count });
    }
  }

  /** The same results; those that an entry accepts are marked. An entry accepts as many results as its count. */
  apply(result: FileResult): FileResult {
    const name = this.#nameOf(result.file);
    return { ...result, objects: result.objects.map((object) => this.#applyTo(object, name)) };
  }

  #applyTo(object: ObjectResult, file: string): ObjectResult {
    if (object.violations.length === 0) return object;
    const violations = object.violations.map((violation) => {
      const key = keyOf(identityOf(file, object, violation));
      const entry = this.#entries.get(key);
      if (entry === undefined || entry.count === 0) return violation;
      this.#entries.set(key, { ...entry, count: entry.count - 1 });
      return accept(violation);
    });
    return { ...object, violations };
  }

  /**
   * The entries that did not occur, or not as often, in the files that are one of the paths or below it. The path `''` is
   * above all files.
   */
  goneBelow(paths: readonly string[]): readonly AcceptedResult[] {
    const isBelow = (file: string): boolean =>
      paths.some((path) => path === file || path === '' || file.startsWith(`${path}/`));
    return [...this.#entries.values()].filter(({ file, count }) => count > 0 && isBelow(file));
  }
}

function accept(violation: PlacedViolation): PlacedViolation {
  return { ...violation, isAccepted: true };
}

/**
 * @returns the entries of a baseline
 * @throws {SettingsFileError} FILE_UNREADABLE or BASELINE_INVALID
 */
export async function readBaseline(file: string): Promise<readonly AcceptedResult[]> {
  const { accepted } = await readSettingsFile(file, SCHEMA, 'BASELINE_INVALID');
  return accepted.map((entry) => Object.assign({ count: 1 }, entry));
}

/** Collects results for a new baseline, and accepts them. */
export class BaselineWriter {
  readonly #entries = new Map<string, AcceptedResult>();
  readonly #nameOf: (file: string) => string;

  constructor(nameOf: (file: string) => string) {
    this.#nameOf = nameOf;
  }

  /** The same results, each violation marked as accepted. */
  apply(result: FileResult): FileResult {
    const name = this.#nameOf(result.file);
    const objects = result.objects.map((object) => {
      const violations = object.violations.map((violation) => {
        const identity = identityOf(name, object, violation);
        const key = keyOf(identity);
        this.#entries.set(key, { ...identity, count: (this.#entries.get(key)?.count ?? 0) + 1 });
        return accept(violation);
      });
      return Object.assign({}, object, { violations });
    });
    return { ...result, objects };
  }

  /** @throws {SettingsFileError} BASELINE_NOT_WRITTEN */
  async write(file: string): Promise<void> {
    await writeFile(file, this.#render()).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SettingsFileError('BASELINE_NOT_WRITTEN', `${file}: it cannot be written: ${why}`, { cause });
    });
  }

  /** Each entry has a line of its own, sorted, so that changes are easy to review and to merge. */
  #render(): string {
    const entries = [...this.#entries].sort(([one], [other]) => (one < other ? -1 : 1));
    const lines = entries.map(([, { count, ...identity }]) =>
      inert(`    ${JSON.stringify(count === 1 ? identity : { ...identity, count })}`),
    );
    return `{\n  "version": 1,\n  "accepted": [${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n  `}]\n}\n`;
  }
}
