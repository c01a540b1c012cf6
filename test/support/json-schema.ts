import { isDeepStrictEqual } from 'node:util';

/** A JSON Schema with the keywords that zod writes. */
export type JsonSchema = Readonly<Record<string, unknown>>;

type Keyword = (value: unknown, argument: never, path: string, schema: JsonSchema) => readonly string[];

/**
 * All violations of a schema by a value, such as `/spec/rules/0/name: maxLength 3 does not allow "abcd"`; empty if
 * the value conforms.
 *
 * @throws {TypeError} for a keyword that this function does not know.
 */
export function differences(value: unknown, schema: JsonSchema, path = ''): readonly string[] {
  return Object.entries(schema).flatMap(([keyword, argument]) => {
    if (NOTES.has(keyword)) return [];
    const check = KEYWORDS[keyword];
    if (check === undefined)
      throw new TypeError(`${keyword} is a keyword that test/support/json-schema.ts does not know`);
    return check(value, argument as never, path, schema);
  });
}

/** Keywords that change no verdict. The meaning of `format` is also in the `pattern` that zod writes beside it. */
const NOTES = new Set(['$schema', 'title', 'description', 'default', 'format']);

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  type: unless('type', (value, types: string | readonly string[]) =>
    [types].flat().some((type) => type === typeOf(value) || (type === 'integer' && Number.isInteger(value))),
  ),
  const: unless('const', (value, constant: unknown) => isDeepStrictEqual(value, constant)),
  enum: unless('enum', (value, choices: readonly unknown[]) => choices.includes(value)),
  pattern: unless(
    'pattern',
    (value, pattern: string) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  ),
  minLength: ofText('minLength', (text, least) => text.length >= least),
  maxLength: ofText('maxLength', (text, most) => text.length <= most),
  minimum: ofNumber('minimum', (number, least) => number >= least),
  maximum: ofNumber('maximum', (number, most) => number <= most),
  exclusiveMinimum: ofNumber('exclusiveMinimum', (number, below) => number > below),
  exclusiveMaximum: ofNumber('exclusiveMaximum', (number, above) => number < above),
  multipleOf: ofNumber('multipleOf', (number, step) => Number.isInteger(number / step)),
  minItems: ofList('minItems', (items, least) => items.length >= least),
  maxItems: ofList('maxItems', (items, most) => items.length <= most),
  required: (value, keys: readonly string[], path) =>
    keys
      .filter((key) => isMap(value) && !Object.hasOwn(value, key))
      .map((key) => `${path}: required ${key} is missing`),
  prefixItems: (value, schemas: readonly JsonSchema[], path) =>
    Array.isArray(value)
      ? schemas.flatMap((schema, index) =>
          index < value.length ? differences(value[index], schema, `${path}/${index}`) : [],
        )
      : [],
  items: (value, items: JsonSchema | boolean, path, { prefixItems = [] }) =>
    Array.isArray(value)
      ? value.flatMap((item, index) =>
          index < (prefixItems as readonly unknown[]).length ? [] : ofSchema(item, items, `${path}/${index}`),
        )
      : [],
  properties: (value, properties: Readonly<Record<string, JsonSchema>>, path) =>
    Object.entries(properties).flatMap(([key, schema]) =>
      isMap(value) && Object.hasOwn(value, key) ? differences(value[key], schema, `${path}/${key}`) : [],
    ),
  propertyNames: (value, names: JsonSchema, path) =>
    isMap(value) ? Object.keys(value).flatMap((key) => differences(key, names, `${path}/${key}`)) : [],
  additionalProperties: (value, rest: JsonSchema | boolean, path, { properties = {} }) =>
    isMap(value)
      ? Object.keys(value)
          .filter((key) => !Object.hasOwn(properties as object, key))
          .flatMap((key) => ofSchema(value[key], rest, `${path}/${key}`))
      : [],
  allOf: (value, branches: readonly JsonSchema[], path) =>
    branches.flatMap((branch) => differences(value, branch, path)),
  anyOf: (value, branches: readonly JsonSchema[], path) =>
    branches.some((branch) => fits(value, branch)) ? [] : [`${path}: anyOf: no branch allows ${show(value)}`],
  oneOf: (value, branches: readonly JsonSchema[], path) => {
    const count = branches.filter((branch) => fits(value, branch)).length;
    return count === 1 ? [] : [`${path}: oneOf: ${count} branches allow ${show(value)}`];
  },
};

function unless<Argument>(
  keyword: string,
  allows: (value: unknown, argument: Argument) => boolean,
): (value: unknown, argument: Argument, path: string) => readonly string[] {
  return (value, argument, path) =>
    allows(value, argument) ? [] : [`${path}: ${keyword} ${show(argument)} does not allow ${show(value)}`];
}

function ofText(keyword: string, allows: (text: string, bound: number) => boolean): Keyword {
  return unless(keyword, (value, bound: number) => typeof value !== 'string' || allows(value, bound));
}

function ofNumber(keyword: string, allows: (number: number, bound: number) => boolean): Keyword {
  return unless(keyword, (value, bound: number) => typeof value !== 'number' || allows(value, bound));
}

function ofList(keyword: string, allows: (items: readonly unknown[], bound: number) => boolean): Keyword {
  return unless(keyword, (value, bound: number) => !Array.isArray(value) || allows(value, bound));
}

/** `false` in place of a schema allows no value, `true` allows every value. */
function ofSchema(value: unknown, schema: JsonSchema | boolean, path: string): readonly string[] {
  if (typeof schema === 'boolean') return schema ? [] : [`${path}: is not in the schema`];
  return differences(value, schema, path);
}

function fits(value: unknown, schema: JsonSchema): boolean {
  return differences(value, schema).length === 0;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeOf(value) === 'object';
}
