import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** Makes a text from random numbers. */
type Sample = (next: () => number) => string;

const GRAMMAR = new URL('../../src/image/grammar.ts', import.meta.url);

/** A sampler of a production of the EBNF in the comments of grammar.ts. */
export function sampleOf(production: string): Sample {
  return compile(readRules(readFileSync(GRAMMAR, 'utf8')), production);
}

/** Samples of a production joined to a text of a given length. */
export function joinedSamples(production: string, length: number, next: () => number): string {
  const sample = sampleOf(production);
  const parts: string[] = [];
  for (let characters = 0; characters < length;) {
    const part = sample(next);
    parts.push(part);
    characters += part.length;
  }
  return parts.join('').slice(0, length);
}

/** A text with a character that is in no production, at a random position in its last eighth. */
export function spoil(text: string, next: () => number): string {
  const place = text.length - 1 - (next() % Math.ceil(text.length / 8));
  return `${text.slice(0, place)}!${text.slice(place + 1)}`;
}

function readRules(source: string): ReadonlyMap<string, string> {
  const inline = [...source.matchAll(/`(\w+) = ([^`]+)`/g)];
  const header = [...source.matchAll(/^ \* {5}(\w+) += (.+)$/gm)];
  return new Map([...header, ...inline].map(([, name = '', body = '']) => [name, body]));
}

/** A sampler of a rule: alternatives of sequences of terminals, ranges, rule names, `[ ]`, `{ }` and `( )`. */
function compile(rules: ReadonlyMap<string, string>, name: string): Sample {
  const body = rules.get(name);
  assert.ok(body !== undefined, `no EBNF for ${name}`);
  const tokens = body.match(/"[^"]*"\.\."[^"]*"|"[^"]*"|\w+|[[\]{}()|]/g) ?? [];
  const sample = alternatives(rules, tokens);
  assert.equal(tokens.length, 0, `${name}: ${tokens.join(' ')} is left`);
  return sample;
}

function alternatives(rules: ReadonlyMap<string, string>, tokens: string[]): Sample {
  const options = [sequence(rules, tokens)];
  while (tokens[0] === '|') {
    tokens.shift();
    options.push(sequence(rules, tokens));
  }
  return (next) => options[next() % options.length]?.(next) ?? '';
}

function sequence(rules: ReadonlyMap<string, string>, tokens: string[]): Sample {
  const parts: Sample[] = [];
  while (tokens[0] !== undefined && !['|', ']', '}', ')'].includes(tokens[0])) {
    parts.push(part(rules, tokens.shift() ?? '', tokens));
  }
  return (next) => parts.map((sample) => sample(next)).join('');
}

function part(rules: ReadonlyMap<string, string>, token: string, tokens: string[]): Sample {
  if (token.startsWith('"')) return terminal(token);
  if (!['[', '{', '('].includes(token)) return compile(rules, token);
  const inner = alternatives(rules, tokens);
  tokens.shift();
  const most = token === '{' ? 4 : 2;
  return (next) =>
    token === '(' ? inner(next) : Array.from({ length: next() % most }, () => inner(next)).join('');
}

function terminal(token: string): Sample {
  const [from = '', to = from] = token.split('..').map((quoted) => quoted.slice(1, -1));
  if (to === from) return () => from;
  const [first, size] = [from.charCodeAt(0), to.charCodeAt(0) - from.charCodeAt(0) + 1];
  return (next) => String.fromCharCode(first + (next() % size));
}

/** Numbers of 15 bits, the same for the same seed. */
export function congruential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state >>> 16;
  };
}
