/** A language tag: `zh`, `zh-CN`. Other forms of BCP 47 are not accepted, because no catalogue needs them. */
export const LANGUAGE_TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/;

/**
 * The value for a language, otherwise for the more general language: `zh-CN` falls back to `zh`, and `zh` never to
 * `zh-CN`. Case does not matter.
 * @see https://www.rfc-editor.org/rfc/rfc4647#section-3.4
 */
export function lookUpLanguage<Value>(
  wanted: string,
  known: Iterable<readonly [tag: string, value: Value]>,
): Value | undefined {
  const byTag = new Map([...known].map(([tag, value]) => [tag.toLowerCase(), value]));
  for (
    let range = wanted.toLowerCase();
    range !== '';
    range = range.slice(0, Math.max(range.lastIndexOf('-'), 0))
  ) {
    const found = byTag.get(range);
    if (found !== undefined) return found;
  }
  return undefined;
}
