const GROUP = /^[0-9a-fA-F]{1,4}$/;
const GROUPS = 8;

/**
 * The canonical spelling of an IPv6 address without brackets and zone; `undefined` if the text is not an address.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5952#section-4
 */
export function canonicalIPv6(text: string): string | undefined {
  const groups = parseGroups(text);
  return groups === undefined ? undefined : renderGroups(groups);
}

function parseGroups(text: string): readonly number[] | undefined {
  const [head = '', tail, excess] = text.split('::');
  if (excess !== undefined) return undefined;
  const before = head === '' && tail !== undefined ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = GROUPS - before.length - after.length;
  // Without "::" all groups must be written. "::" replaces at least one.
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after];
  return groups.every((group) => GROUP.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}

function renderGroups(groups: readonly number[]): string {
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  // A single zero group is not shortened: RFC 5952, section 4.2.2.
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start };
  }
  return longest;
}
