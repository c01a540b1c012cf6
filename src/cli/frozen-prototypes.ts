/**
 * Prototypes that everything inherits from: what is written to one of them shows in every object of its kind. Not that
 * of RegExp: no document leads to it, and V8 would take four times as long for each `match` and `replace`.
 */
const PROTOTYPES: readonly object[] = [
  [Object, Function, Array, String, Number, Boolean, Symbol, BigInt, Date, Promise],
  [Map, Set, WeakMap, WeakSet, ArrayBuffer, SharedArrayBuffer, DataView, Uint8Array, Buffer, Iterator],
  [Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
  [Object.getPrototypeOf(Uint8Array) as Uint8ArrayConstructor],
]
  .flat()
  .map(({ prototype }) => prototype as object);

/** Functions and iterators of whose prototypes no name leads there. */
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
 * What objects of their own may still be given by assignment, as `error.name = …` in many libraries: a frozen property
 * would refuse that to all that inherit it.
 */
const ASSIGNED: ReadonlyMap<object, readonly string[]> = new Map<object, readonly string[]>([
  [Object.prototype, ['constructor', 'toString', 'toLocaleString', 'valueOf', 'hasOwnProperty']],
  [Function.prototype, ['constructor', 'toString']],
  ...PROTOTYPES.filter(
    (prototype) => prototype === Error.prototype || Error.prototype.isPrototypeOf(prototype),
  ).map((prototype) => [prototype, ['constructor', 'name', 'message', 'toString']] as const),
]);

/**
 * Makes the prototypes of the language unchangeable, and takes `__proto__` away: no text that becomes an object can
 * leave a trace in others (F05), whatever a library does with it. For a process of our own, once, before libraries are
 * loaded.
 */
export function freezePrototypes(): void {
  Reflect.deleteProperty(Object.prototype, '__proto__');
  for (const [prototype, names] of ASSIGNED) for (const name of names) allowAssignment(prototype, name);
  for (const prototype of [...PROTOTYPES, ...NAMELESS]) {
    if (prototype === Object.prototype || prototype === Array.prototype) fixProperties(prototype);
    else Object.freeze(prototype);
  }
}

/** V8 takes a change of these for a subclass of Array, everywhere: `map`, `filter` and spreading then cost four times as much. */
const KEPT_BY_ARRAYS: ReadonlySet<string | symbol> = new Set(['constructor', Symbol.iterator]);

/**
 * What `Object.freeze` does to a prototype of arrays, but for its elements: as soon as those are frozen, V8 looks
 * through the prototypes at each element that any array is given, and a review costs a twentieth more.
 */
function fixProperties(prototype: object): void {
  Object.seal(prototype);
  for (const name of Reflect.ownKeys(prototype)) {
    const isKept = prototype === Array.prototype && KEPT_BY_ARRAYS.has(name);
    const { writable } = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
    if (writable === true && !isKept) Object.defineProperty(prototype, name, { writable: false });
  }
  // V8 makes a table of a prototype whose properties change, and a fast object again of one that is inherited from.
  Object.create(prototype);
}

/** The property stays as it is, and an assignment to an object that inherits it makes one of its own. */
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
