import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HERE = JSON.stringify(import.meta.resolve('./frozen-prototypes.ts'));

/** The value of an expression in a new process with frozen prototypes. The prototypes of the test process must not be frozen. */
async function frozen(expression: string): Promise<unknown> {
  const program = `
    import { freezePrototypes } from ${HERE};
    freezePrototypes();
    const tried = (act) => { try { return act() ?? 'done'; } catch (error) { return error.name; } };
    console.log(JSON.stringify(${expression}));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program]);
  return JSON.parse(stdout) as unknown;
}

describe('frozen prototypes', { concurrency: true }, () => {
  it('F05 no property of a prototype of the language can be added, removed or changed', async () => {
    const outcome = await frozen(`Object.getOwnPropertyNames(globalThis)
      .map((name) => globalThis[name]?.prototype)
      .filter((prototype) => prototype !== undefined && /native code/.test(Function.prototype.toString.call(prototype.constructor)))
      .filter((prototype) => !/^class /.test(String(prototype.constructor)))
      .map((prototype) => [prototype.constructor.name, Object.isFrozen(prototype)])`);
    const isFrozen = new Map(outcome as [string, boolean][]);
    for (const name of 'Object Function Map Set WeakMap WeakSet Promise String Error TypeError'.split(' '))
      assert.equal(isFrozen.get(name), true, name);
    const open =
      await frozen(`Reflect.ownKeys(Array.prototype).map((name) => [String(name), Object.getOwnPropertyDescriptor(Array.prototype, name)])
      .filter(([, { configurable, writable }]) => configurable || writable).map(([name]) => name)`);
    assert.deepEqual(open, ['constructor', 'Symbol(Symbol.iterator)']);
    assert.deepEqual(
      await frozen(`[
        tried(() => { Object.prototype.allowed = true; }),
        tried(() => { Object.prototype[0] = true; }),
        tried(() => { Array.prototype[0] = true; }),
        tried(() => { Object.prototype.toString = () => ''; }),
        tried(() => { Error.prototype.name = 'x'; }),
        tried(() => { Array.prototype.map = () => []; }),
        tried(() => { delete Map.prototype.get; }),
        tried(() => Object.defineProperty(Promise.prototype, 'then', { value: 1 })),
        tried(() => Object.setPrototypeOf(Object.prototype, { allowed: true })),
        {}.allowed, {}.toString(), [1].map(String), new Map([[1, 2]]).get(1)
      ]`),
      [...Array.from({ length: 9 }, () => 'TypeError'), null, '[object Object]', ['1'], 2],
    );
  });

  it('F05 a key __proto__ or constructor in a document is an ordinary key, and merging it changes no prototype', async () => {
    const text = JSON.stringify(
      '{"__proto__":{"allowed":true},"constructor":{"prototype":{"allowed":true}}}',
    );
    assert.deepEqual(
      await frozen(`[
        Object.assign({}, JSON.parse(${text})).allowed,
        tried(() => { const { constructor: { prototype } } = {}; prototype.allowed = true; }),
        { ...JSON.parse(${text}) }.allowed, {}.allowed, '__proto__' in {}
      ]`),
      [null, 'TypeError', null, null, false],
    );
  });

  it('an assigned property belongs only to its object', async () => {
    assert.deepEqual(
      await frozen(`(() => {
        const error = new RangeError('a');
        error.name = 'Mine';
        error.message = 'b';
        const object = {};
        object.toString = () => 'object';
        function Old() {}
        Old.prototype.constructor = Old;
        class Failure extends Error { constructor() { super('c'); this.name = 'Failure'; } }
        return [String(error), String(object), new Old().constructor === Old, String(new Failure()), new Error('d').name];
      })()`),
      ['Mine: b', 'object', true, 'Failure: c', 'Error'],
    );
  });
});
