import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { ALGORITHM, COMPONENT, HOST, IPV4, PORT, REPOSITORY, TAG } from './grammar.ts';

const PRODUCTIONS = {
  algorithm: ALGORITHM,
  component: COMPONENT,
  host: HOST,
  ipv4: IPV4,
  port: PORT,
  repository: REPOSITORY,
  tag: TAG,
};

type Sample = (next: () => number) => string;

describe('the EBNF in the comments of grammar.ts', () => {
  const rules = readRules(readFileSync(new URL('grammar.ts', import.meta.url), 'utf8'));
  for (const [name, expression] of Object.entries(PRODUCTIONS)) {
    test(`${name}: what the EBNF makes, the expression matches`, () => {
      const sample = compile(rules, name);
      const next = congruential(name.length);
      for (let count = 0; count < 500; count += 1) {
        const text = sample(next);
        assert.match(text, expression);
      }
    });
  }
});

describe('the expressions', () => {
  test('B26 have no flags and are anchored on both ends', () => {
    for (const { source, flags } of Object.values(PRODUCTIONS)) {
      assert.equal(flags, '');
      assert.match(source, /^\^.*\$$/);
    }
  });

  test('B23 take time linear in the text, on seeds of catastrophic backtracking', () => {
    const seeds = ['a', 'a-', 'a__', 'a/', 'a.', '-', '_', '((((', 'a--', '0.', 'A+'];
    for (const [name, expression] of Object.entries(PRODUCTIONS)) {
      for (const seed of seeds) {
        const short = fastest(expression, `${seed.repeat(2_000)}!`);
        const long = fastest(expression, `${seed.repeat(64_000)}!`);
        // 32 times the text: linear is about 32, quadratic 1024. The floor keeps the clock's steps out of it.
        assert.ok(long < 200 * Math.max(short, 0.002), `${name} on ${seed}: ${short} ms, then ${long} ms`);
      }
    }
  });
});

function fastest(expression: RegExp, text: string): number {
  const times = Array.from({ length: 3 }, () => {
    const started = performance.now();
    expression.test(text);
    return performance.now() - started;
  });
  return Math.min(...times);
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

function congruential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state >>> 16;
  };
}
