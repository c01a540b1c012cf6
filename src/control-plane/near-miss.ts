/** How many letters may differ, be too much or be missing. */
const DISTANCE = 2;

/** Whether a name was probably meant to be another: it differs in the case of letters, or in two letters. */
export function isNear(name: string, meant: string): boolean {
  if (name === meant) return false;
  const [one, other] = [name.trim().toLowerCase(), meant.toLowerCase()];
  return one === other || (one.length > 2 * DISTANCE && distance(one, other) <= DISTANCE);
}

/** The name of a list that was probably meant; `undefined` if none is near. */
export function nearestOf(name: string, names: readonly string[]): string | undefined {
  const near = names.filter((one) => isNear(name, one));
  const rank = (one: string): number => distance(name.trim().toLowerCase(), one.toLowerCase());
  return near.toSorted((one, other) => rank(one) - rank(other))[0];
}

/** The least number of letters to change, add or remove. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [line, letter] of one.split('').entries()) {
    const next = [line + 1];
    for (let column = 1; column <= other.length; column += 1) {
      const changed = (row[column - 1] ?? 0) + (letter === other[column - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
