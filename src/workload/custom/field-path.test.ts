import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldPathError, parseFieldPath } from './field-path.ts';

/** A path and its steps, one word each. */
const PATHS: readonly (readonly [path: string, ...steps: string[]])[] = [
  [''],
  ['spec', 'key:spec'],
  ['spec.template.spec', 'key:spec', 'key:template', 'key:spec'],
  ['spec.steps[*].image', 'key:spec', 'key:steps', 'items:name', 'key:image'],
  ['spec.steps[*][*].inline', 'key:spec', 'key:steps', 'items:name', 'items:name', 'key:inline'],
  ['groups[groupName].image', 'key:groups', 'items:groupName', 'key:image'],
  ['params[name=bundle].value', 'key:params', 'itemsWith:name=bundle', 'key:value'],
  ['spec.replicas.*.template', 'key:spec', 'key:replicas', 'values', 'key:template'],
  ['spec.images{keys}', 'key:spec', 'key:images', 'keys'],
  ['metadata.annotations["example.com/image"]', 'key:metadata', 'key:annotations', 'key:example.com/image'],
  ['a["b\\"c\\\\"]', 'key:a', 'key:b"c\\'],
  ['[*].image', 'items:name', 'key:image'],
  ['*.image', 'values', 'key:image'],
  ['__proto__.constructor', 'key:__proto__', 'key:constructor'],
];

/** A text that is not a path, and the position of its first wrong character. */
const BROKEN: readonly (readonly [path: string, character: number])[] = [
  ['.spec', 1],
  ['$.spec', 1],
  ['spec.', 5],
  ['spec..image', 5],
  ['spec.steps[]', 11],
  ['spec.steps[0', 11],
  ['spec.steps[-]x', 14],
  ['spec steps', 5],
  ['spec[*]image', 8],
  ['spec{key}', 5],
  ['spec["x]', 5],
  ['spec.**', 7],
  ['spec[a=]', 5],
  ['spec/image', 5],
];

describe('a path into a custom resource', () => {
  for (const [path, ...steps] of PATHS) {
    it(`${JSON.stringify(path)} is ${steps.join(' ')}`, () => {
      const read = parseFieldPath(path).steps.map((step) => {
        switch (step.kind) {
          case 'key':
            return `key:${step.key}`;
          case 'items':
            return `items:${step.named}`;
          case 'itemsWith':
            return `itemsWith:${step.field}=${step.value}`;
          case 'values':
          case 'keys':
            return step.kind;
        }
      });
      assert.deepEqual(read, steps);
      assert.equal(parseFieldPath(path).text, path);
    });
  }

  for (const [path, character] of BROKEN) {
    it(`${path} is refused at character ${character}`, () => {
      assert.throws(
        () => parseFieldPath(path),
        (error) =>
          error instanceof FieldPathError &&
          error.message.includes(`cannot be read from character ${character} on`),
      );
    });
  }

  it('is quoted in the error: sixteen characters from the wrong one', () => {
    assert.throws(() => parseFieldPath(`spec.a!${'b'.repeat(40)}`), {
      name: 'FieldPathError',
      message: `"spec.a!${'b'.repeat(40)}" cannot be read from character 7 on: "!${'b'.repeat(15)}"`,
    });
  });

  it('ends after {keys}', () => {
    assert.throws(() => parseFieldPath('{keys}.a.b'), /continues after \{keys\}/);
    assert.throws(() => parseFieldPath('a{keys}.b'), /continues after \{keys\}/);
  });

  it('has at most 512 characters and 32 steps', () => {
    assert.equal(parseFieldPath('a'.repeat(512)).steps.length, 1);
    assert.throws(() => parseFieldPath('a'.repeat(513)), /at most 512 characters/);
    assert.equal(parseFieldPath(Array(32).fill('a').join('.')).steps.length, 32);
    assert.throws(() => parseFieldPath(Array(33).fill('a').join('.')), /at most 32 steps/);
  });
});
