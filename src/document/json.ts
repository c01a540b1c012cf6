/** An object of a JSON document. Its fields are not checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value of a JSON document is an object: not a list, not `null`. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of a value. A value that is not an object has none. */
export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}
