/** A language tag as people write one: `zh`, `zh-CN`. BCP 47 knows more, which nobody needs here. */
export const LANGUAGE_TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/;

/**
 * What there is for a language, else for the more general one: `zh-CN` is content with `zh`, and never the other way
 * round. Case does not count.
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
