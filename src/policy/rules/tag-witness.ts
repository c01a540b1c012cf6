import type { RE2JS } from 're2js';

/** The codes of the instructions of a compiled RE2 program, as in Go's regexp/syntax. */
const OP = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  emptyWidth: 4,
  match: 6,
  nop: 7,
  runeAnyNotNewLine: 11,
} as const;

/** The conditions of an `emptyWidth` instruction, as bits. */
const EMPTY = { begin: 1 | 4, end: 2 | 8, boundary: 16, noBoundary: 32 } as const;

/** What comes after a position, as bits. */
const NEXT = { word: 1, other: 2, end: 4 } as const;
const ANYTHING = NEXT.word | NEXT.other | NEXT.end;

const TAG_CHARACTERS = Array.from({ length: 0x7f }, (_, code) => code).filter((code) =>
  /[\w.-]/.test(String.fromCharCode(code)),
);

/** The part of an instruction that the search reads. */
interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  matchRune(rune: number): boolean;
}

/** A state of the search: an instruction, the character before it, and what may come after it. */
interface State {
  readonly at: number;
  readonly before: 'start' | 'word' | 'other';
  readonly next: number;
}

/**
 * Whether at least one tag matches an expression as a whole. Searches the program of the expression, breadth first, for a
 * way to its end by at most 128 characters of a tag. True if the program has an instruction that this search does not know.
 */
export function canMatchTag(expression: RE2JS): boolean {
  // `prog` has no type. The test compares the search with the engine.
  const { inst, start } = expression.re2Input.prog as { inst: readonly Instruction[]; start: number };
  const seen = new Set<string>();
  let states: State[] = [{ at: start, before: 'start', next: ANYTHING }];
  for (let length = 0; length <= 128 && states.length > 0; length += 1) {
    const consumed: State[] = [];
    for (let state = states.pop(); state !== undefined; state = states.pop()) {
      const key = `${state.at} ${state.before} ${state.next}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const instruction = inst[state.at];
      if (instruction === undefined || instruction.op > OP.runeAnyNotNewLine) return true;
      if (instruction.op === OP.match && (state.next & NEXT.end) !== 0 && state.before !== 'start')
        return true;
      if (instruction.op > OP.nop) consumed.push(...consume(instruction, state));
      else states.push(...follow(instruction, state));
    }
    states = consumed;
  }
  return false;
}

/** The states that an instruction without a character leads to. */
function follow({ op, out, arg }: Instruction, state: State): State[] {
  switch (op) {
    case OP.alt:
    case OP.altMatch:
      return [
        { ...state, at: out },
        { ...state, at: arg },
      ];
    case OP.capture:
    case OP.nop:
      return [{ ...state, at: out }];
    case OP.emptyWidth: {
      const next = state.next & whatMayCome(arg, state.before);
      return next === 0 ? [] : [{ ...state, at: out, next }];
    }
    default:
      return [];
  }
}

/** What may come after a position at which all conditions hold. */
function whatMayCome(conditions: number, before: State['before']): number {
  let next = ANYTHING;
  const afterWord = before === 'word';
  if ((conditions & EMPTY.begin) !== 0 && before !== 'start') return 0;
  if ((conditions & EMPTY.end) !== 0) next &= NEXT.end;
  if ((conditions & EMPTY.boundary) !== 0) next &= afterWord ? NEXT.other | NEXT.end : NEXT.word;
  if ((conditions & EMPTY.noBoundary) !== 0) next &= afterWord ? NEXT.word : NEXT.other | NEXT.end;
  return next;
}

/** The states after one more character of a tag. A tag does not begin with "." or "-". */
function consume(instruction: Instruction, { before, next }: State): State[] {
  const kinds = new Set<'word' | 'other'>();
  for (const code of TAG_CHARACTERS) {
    const kind = code === 0x2e || code === 0x2d ? 'other' : 'word';
    if ((next & NEXT[kind]) === 0 || (before === 'start' && kind === 'other') || kinds.has(kind)) continue;
    if (instruction.matchRune(code)) kinds.add(kind);
  }
  return Array.from(kinds, (kind) => ({ at: instruction.out, before: kind, next: ANYTHING }));
}
