import { z } from 'zod';
import { CodedError } from '../coded-error.ts';
import { decodeUtf8 } from '../document/text.ts';
import type { Path } from '../document/json.ts';
import { DocumentError } from '../document/text-document.ts';
import { parseDocuments } from '../document/yaml.ts';
import { readBounded } from '../file/bounded-file.ts';
import { quote } from '../image/quote.ts';

/** Largest file in bytes. A baseline with 50,000 results has about 10 MB. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Largest number of problems in one error. */
const MAX_SHOWN = 20;

type SettingsFileErrorCode =
  | 'FILE_UNREADABLE'
  | 'OPTIONS_FILE_INVALID'
  | 'BASELINE_INVALID'
  | 'BASELINE_NOT_WRITTEN';

/** A file of options or a baseline cannot be used. Each line of the message begins with the file. */
export class SettingsFileError extends CodedError<SettingsFileErrorCode> {
  override readonly name = 'SettingsFileError';
}

/**
 * Reads one document of YAML or JSON and checks it by a schema.
 * @throws {SettingsFileError} FILE_UNREADABLE; `code` with a line for each problem: `file:line:column: where: what (hint)`
 */
export async function readSettingsFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  code: SettingsFileErrorCode,
): Promise<z.infer<Schema>> {
  const text = await readText(file, code);
  // JSON of a large baseline is read ten times faster than YAML. Positions are needed only for problems.
  const json = schema.safeParse(parseJson(text));
  if (json.success) return json.data;
  const [document, second] = parseYaml(text, file, code);
  if (document === undefined) throw new SettingsFileError(code, `${file}:1:1: it is empty`);
  if (second !== undefined) {
    const place = `${file}:${second.positionOf([])}`;
    throw new SettingsFileError(code, `${place}: a second document begins here (write one document)`);
  }
  const parsed = schema.safeParse(document.value);
  if (parsed.success) return parsed.data;
  const known = keysOf(schema);
  const lines = parsed.error.issues.flatMap((issue) =>
    explain(issue, document.value, known).map(
      ({ path, what }) => `${file}:${document.positionOf(path)}: ${renderPath(path, known)}${what}`,
    ),
  );
  const more = lines.length > MAX_SHOWN ? [`${file}: and ${lines.length - MAX_SHOWN} more problems`] : [];
  throw new SettingsFileError(code, [...lines.slice(0, MAX_SHOWN), ...more].join('\n'));
}

async function readText(file: string, code: SettingsFileErrorCode): Promise<string> {
  const bytes = await readBounded(file, MAX_BYTES).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SettingsFileError('FILE_UNREADABLE', `${file}: it cannot be read: ${why}`, { cause });
  });
  if (bytes === undefined) throw new SettingsFileError(code, `${file}: it has more than ${MAX_BYTES} bytes`);
  return asSettingsError(code, () => decodeUtf8(bytes, file));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseYaml(
  text: string,
  file: string,
  code: SettingsFileErrorCode,
): ReturnType<typeof parseDocuments> {
  return asSettingsError(code, () => parseDocuments(text, file));
}

function asSettingsError<Result>(code: SettingsFileErrorCode, parse: () => Result): Result {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof DocumentError)) throw cause;
    throw new SettingsFileError(code, cause.message, { cause });
  }
}

interface Problem {
  readonly path: Path;
  readonly what: string;
}

/** The remedies, by the type that the schema expects. */
const WANTED: Readonly<Record<string, string>> = {
  string: 'write text; put numbers and booleans in quotes',
  array: 'write a list',
  object: 'write a map of options',
};

function explain(issue: z.core.$ZodIssue, value: unknown, known: readonly string[]): readonly Problem[] {
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const hint = path.length === 0 ? ` (known keys: ${known.join(', ')})` : '';
    return issue.keys.map((key) => ({ path: [...path, key], what: `it is not a known key${hint}` }));
  }
  if (issue.code === 'invalid_type')
    return [
      { path, what: `${describe(value, path)} (${WANTED[issue.expected] ?? `write: ${issue.expected}`})` },
    ];
  if (issue.code === 'invalid_value')
    return [{ path, what: `${describe(value, path)} (write ${issue.values.join(' or ')})` }];
  return [{ path, what: issue.message }];
}

/** The value is not quoted, because the file may be a key or a token that was named by mistake. */
function describe(root: unknown, path: Path): string {
  const value = path.reduce<unknown>(
    (part, key) => (typeof part === 'object' && part !== null ? Reflect.get(part, key) : undefined),
    root,
  );
  return value === undefined ? 'it is missing' : 'this value is not allowed here';
}

/** `failOn.1: `. A key that the schema does not know is quoted only if it is a short word. */
function renderPath(path: Path, known: readonly string[]): string {
  const [first] = path;
  if (first === undefined) return '';
  const isShown = known.includes(String(first)) || /^[\w-]{1,30}$/.test(String(first));
  return isShown ? `${path.map((key) => quote(String(key))).join('.')}: ` : '';
}

function keysOf(schema: z.ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
