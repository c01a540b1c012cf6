/**
 * Prototypes of the language. A property that is written to one of them is visible in every object of its kind. The
 * prototype of RegExp is not in the list: a parsed document contains no RegExp, and with a frozen prototype V8 would
 * need four times as long for each `match` and `replace`.
 */
const PROTOTYPES: readonly object[] = [
  [Object, Function, Array, String, Number, Boolean, Symbol, BigInt, Date, Promise],
  [Map, Set, WeakMap, WeakSet, ArrayBuffer, SharedArrayBuffer, DataView, Uint8Array, Buffer, Iterator],
  [Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
  [Object.getPrototypeOf(Uint8Array) as Uint8ArrayConstructor],
]
  .flat()
  .map(({ prototype }) => prototype as object);

/** Prototypes of functions and iterators that have no name. */
const NAMELESS: readonly object[] = [
  async () => undefined,
  function* () {},
  async function* () {},
  [][Symbol.iterator](),
  new Map()[Symbol.iterator](),
  new Set()[Symbol.iterator](),
  ''[Symbol.iterator](),
].map((value) => Object.getPrototypeOf(value) as object);

/**
 * Properties that objects may override by assignment, such as `error.name = …` in many libraries. If the inherited
 * property were frozen, such an assignment would fail.
 */
const ASSIGNED: ReadonlyMap<object, readonly string[]> = new Map<object, readonly string[]>([
  [Object.prototype, ['constructor', 'toString', 'toLocaleString', 'valueOf', 'hasOwnProperty']],
  [Function.prototype, ['constructor', 'toString']],
  ...PROTOTYPES.filter(
    (prototype) => prototype === Error.prototype || Error.prototype.isPrototypeOf(prototype),
  ).map((prototype) => [prototype, ['constructor', 'name', 'message', 'toString']] as const),
]);

/**
 * Makes the prototypes of the language unchangeable, and removes `__proto__`. An object that is parsed from text then
 * cannot change other objects (F05), even through a library. Call it once, before libraries are loaded.
 */
export function freezePrototypes(): void {
  Reflect.deleteProperty(Object.prototype, '__proto__');
  for (const [prototype, names] of ASSIGNED) for (const name of names) allowAssignment(prototype, name);
  for (const prototype of [...PROTOTYPES, ...NAMELESS]) {
    if (prototype === Object.prototype || prototype === Array.prototype) fixProperties(prototype);
    else Object.freeze(prototype);
  }
}

/**
 * These properties are kept writable. If one of them is changed, V8 expects subclasses of Array everywhere: `map`,
 * `filter` and spreading cost four times as much.
 */
const KEPT_BY_ARRAYS: ReadonlySet<string | symbol> = new Set(['constructor', Symbol.iterator]);

/**
 * Freezes the named properties of a prototype, but not its elements. If the elements were frozen, V8 would search the
 * prototypes at each write of an array element, and a review would cost 5 % more.
 */
function fixProperties(prototype: object): void {
  Object.seal(prototype);
  for (const name of Reflect.ownKeys(prototype)) {
    const isKept = prototype === Array.prototype && KEPT_BY_ARRAYS.has(name);
    const { writable } = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
    if (writable === true && !isKept) Object.defineProperty(prototype, name, { writable: false });
  }
  // V8 turns a changed prototype into a slow table. Inheriting from it makes it fast again.
  Object.create(prototype);
}

/** The property cannot be changed. An assignment to an object that inherits it creates an own property. */
function allowAssignment(prototype: object, name: string): void {
  const property = Object.getOwnPropertyDescriptor(prototype, name);
  if (property === undefined || !('value' in property)) return;
  const { value, enumerable = false } = property as { value: unknown; enumerable?: boolean };
  Object.defineProperty(prototype, name, {
    get: () => value,
    set(this: unknown, own: unknown) {
      if (this === prototype) throw new TypeError(`${name} of a prototype of the language cannot be changed`);
      if (typeof this === 'object' || typeof this === 'function')
        Object.defineProperty(this, name, {
          value: own,
          writable: true,
          enumerable: true,
          configurable: true,
        });
    },
    enumerable,
    configurable: false,
  });
}
