import { inert } from '../language/terminal.ts';

/** A JSON document with a long list, which is written item by item. */
interface JsonList {
  /** The text of an item, and of what is between it and the former item. */
  readonly item: (value: object) => string;
  /** The end of the list, and the keys behind it in the same map. */
  readonly end: (rest: object) => string;
}

/**
 * Begins a document. `head` is the text up to `[`, `indent` the number of spaces before the map that has the list, and
 * `tail` the text behind that map.
 */
export function createJsonList(head: string, indent = 0, tail = ''): JsonList {
  let isFirst = true;
  const shift = (value: unknown, spaces: number): string =>
    JSON.stringify(value, null, 2).replaceAll('\n', `\n${' '.repeat(spaces)}`);
  return {
    item(value) {
      const start = isFirst ? head : ',';
      isFirst = false;
      return inert(`${start}\n${' '.repeat(indent + 4)}${shift(value, indent + 4)}`);
    },
    end(rest) {
      const start = isFirst ? head : `\n${' '.repeat(indent + 2)}`;
      return inert(`${start}],${shift(rest, indent).slice(1)}${tail}\n`);
    },
  };
}
