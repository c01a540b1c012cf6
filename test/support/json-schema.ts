import { isDeepStrictEqual } from 'node:util';

/** A JSON Schema, as far as `policy schema` uses the language. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Keywords that say something; one that is not here would be passed over in silence. */
const KEYWORDS: Readonly<Record<string, (value: unknown, argument: unknown, schema: JsonSchema) => boolean>> =
  {
    type: (value, type) => typeOf(value) === type,
    const: (value, constant) => isDeepStrictEqual(value, constant),
    enum: (value, choices) => (choices as unknown[]).includes(value),
    pattern: (value, pattern) => typeof value !== 'string' || new RegExp(pattern as string, 'u').test(value),
    minLength: (value, least) => typeof value !== 'string' || value.length >= (least as number),
    maxLength: (value, most) => typeof value !== 'string' || value.length <= (most as number),
    minItems: (value, least) => !Array.isArray(value) || value.length >= (least as number),
    maxItems: (value, most) => !Array.isArray(value) || value.length <= (most as number),
    required: (value, keys) => !isMap(value) || (keys as string[]).every((key) => Object.hasOwn(value, key)),
    items: (value, items) =>
      !Array.isArray(value) || value.every((item) => conforms(item, items as JsonSchema)),
    oneOf: (value, branches) =>
      (branches as JsonSchema[]).filter((branch) => conforms(value, branch)).length === 1,
    properties: (value, properties) =>
      !isMap(value) ||
      Object.entries(properties as Record<string, JsonSchema>).every(
        ([key, schema]) => !Object.hasOwn(value, key) || conforms(value[key], schema),
      ),
    propertyNames: (value, names) =>
      !isMap(value) || Object.keys(value).every((key) => conforms(key, names as JsonSchema)),
    additionalProperties: (value, rest, { properties = {} }) =>
      !isMap(value) ||
      Object.keys(value)
        .filter((key) => !Object.hasOwn(properties as object, key))
        .every((key) => rest !== false && conforms(value[key], rest as JsonSchema)),
  };

/** Keywords for people. */
const NOTES = new Set(['$schema', 'title', 'description']);

/** Whether a value conforms to a schema. */
export function conforms(value: unknown, schema: JsonSchema): boolean {
  return Object.entries(schema).every(([keyword, argument]) => {
    if (NOTES.has(keyword)) return true;
    const holds = KEYWORDS[keyword];
    if (holds === undefined) throw new TypeError(`${keyword} is a keyword that this reader does not know`);
    return holds(value, argument, schema);
  });
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeOf(value) === 'object';
}
