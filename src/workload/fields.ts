/** An object of the requester's, of which nothing is known yet but that it has fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value from a document has fields: no list, no `null`. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
