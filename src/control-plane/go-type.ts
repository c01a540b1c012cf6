import { isObject, type Path } from '../document/json.ts';

/** A type of a Go program, as it decodes JSON. `null` fits every type and sets nothing. */
export type GoType =
  /** Anything: the program decodes it later. */
  | 'any'
  | 'text'
  | 'boolean'
  /** Base64. */
  | 'bytes'
  | { readonly list: GoType }
  | { readonly map: GoType }
  | { readonly fields: Readonly<Record<string, GoType>> };

/** A part of a document that a Go program cannot decode. */
interface Misfit {
  readonly path: Path;
  /** One clause about the part, such as `it is a number, and text is needed (quote it)`. */
  readonly what: string;
}

/**
 * The first part of a value that does not fit a type; `undefined` if all parts fit. Keys of `fields` are compared as
 * `k8s.io/json` does: letter by letter.
 * @param isStrict whether a key that the type does not have is a misfit
 */
export function findMisfit(
  value: unknown,
  type: GoType,
  isStrict: boolean,
  path: Path = [],
): Misfit | undefined {
  if (value === null || value === undefined || type === 'any') return undefined;
  if (type === 'text') return typeof value === 'string' ? undefined : misfit(path, value, 'text');
  if (type === 'boolean')
    return typeof value === 'boolean' ? undefined : misfit(path, value, 'true or false');
  if (type === 'bytes') {
    if (typeof value !== 'string') return misfit(path, value, 'base64');
    return isBase64(value) ? undefined : { path, what: 'it is not base64' };
  }
  if ('list' in type) {
    if (!Array.isArray(value)) return misfit(path, value, 'a list');
    return firstOf(value.map((item, index) => findMisfit(item, type.list, isStrict, [...path, index])));
  }
  if (!isObject(value)) return misfit(path, value, 'a map');
  return firstOf(
    Object.entries(value).map(([key, inner]) => {
      const there = [...path, key];
      if ('map' in type) return findMisfit(inner, type.map, isStrict, there);
      const field = Object.hasOwn(type.fields, key) ? type.fields[key] : undefined;
      if (field !== undefined) return findMisfit(inner, field, isStrict, there);
      return isStrict ? { path: there, what: unknownKey(key, Object.keys(type.fields)) } : undefined;
    }),
  );
}

function firstOf(misfits: readonly (Misfit | undefined)[]): Misfit | undefined {
  return misfits.find((one) => one !== undefined);
}

function misfit(path: Path, value: unknown, needed: string): Misfit {
  const hint = needed === 'text' && typeof value !== 'object' ? ' (quote it)' : '';
  return { path, what: `it is ${kindOf(value)}, and ${needed} is needed${hint}` };
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = known.find((name) => name.toLowerCase() === key.toLowerCase());
  const advice = near === undefined ? `known are ${known.join(', ')}` : `write ${near}`;
  return `the API server knows no key ${JSON.stringify(key)} here (${advice})`;
}

/** The kind of a JSON value, with its article. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

/** As Go's `encoding/base64`: complete groups of four; line breaks are skipped. */
function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(
    text.replaceAll(/[\r\n]/g, ''),
  );
}
