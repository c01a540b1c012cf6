import { quote } from '../../image/quote.ts';

/** A key or a name longer than this is no label and no name of anything: its place is told by its number. */
const NAME_CHARACTERS = 253;

/** A value on the way to an image. What it is called is put together only when somebody asks. */
export interface Spot {
  readonly value: unknown;
  readonly up: Spot | undefined;
  readonly kind: 'root' | 'field' | 'item' | 'entry';
  /** Of a field or of an entry of a map the key, of an item its name, `''` if it has none. */
  readonly key: string;
  /** Of an item or of an entry. */
  readonly index: number;
  /** What a map holds at the key that `value` is. */
  readonly beside: unknown;
}

/** The object itself. */
export function rootSpot(value: unknown): Spot {
  return { value, up: undefined, kind: 'root', key: '', index: 0, beside: undefined };
}

/** The name of the nearest item or entry that has one. */
export function nameOf(spot: Spot): string | undefined {
  for (let at: Spot | undefined = spot; at !== undefined; at = at.up) {
    const isNamed = at.kind === 'item' || (at.kind === 'entry' && at.beside === undefined);
    if (isNamed && at.key !== '' && at.key.length <= NAME_CHARACTERS) return at.key;
  }
  return undefined;
}

/** For people: `spec.steps[0]`. */
export function fieldOf(spot: Spot): string {
  let field = '';
  for (let at: Spot = spot; at.up !== undefined; at = at.up) {
    field = (at.kind === 'item' ? `[${at.index}]` : renderKey(at.key, at.up.kind === 'root')) + field;
  }
  return field;
}

/** Whatever the order of lists and maps: `.spec.steps["build"]`. */
export function placeOf(spot: Spot): string {
  let place = '';
  for (let at: Spot = spot; at.up !== undefined; at = at.up) place = renderPlace(at) + place;
  return place;
}

function renderPlace({ kind, key, index }: Spot): string {
  if (kind === 'field') return `.${key}`;
  const isKnown = key !== '' && key.length <= NAME_CHARACTERS;
  const which = isKnown ? JSON.stringify(key) : index;
  return kind === 'item' ? `[${which}]` : `{${which}}`;
}

/** A key as it stands in a path; one that is no word, which may be anybody's text, is quoted and bounded. */
function renderKey(key: string, isFirst: boolean): string {
  if (/^[\w-]{1,63}$/.test(key)) return isFirst ? key : `.${key}`;
  return `[${JSON.stringify(quote(key, NAME_CHARACTERS))}]`;
}
