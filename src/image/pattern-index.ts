import { isDockerHub } from './docker-hub.ts';
import { type ImagePattern, matchesImage, withNamespace, withoutDefaultPort } from './pattern.ts';
import type { ImageReference } from './reference.ts';

/** Lists up to this length are compared one by one, because that is faster than a look-up. */
const SHORT = 8;

/** A pattern, and the value that it leads to. */
interface Entry<Value> {
  readonly pattern: ImagePattern;
  readonly value: Value;
}

/**
 * Finds the values of the patterns that match an image. It compares only patterns whose text begins or ends like the image,
 * so the time depends little on the number of patterns.
 */
export class PatternIndex<Value> {
  /** Patterns without a wildcard in the registry. */
  readonly #registries = new Map<string, RepositoryTable<Value>>();
  /** The other patterns, by the text after the last wildcard of the registry. */
  readonly #endings = new TextTable<RepositoryTable<Value>>();
  /** Patterns that close, as Docker Hub's images are compared with them. */
  readonly #dockerHub = new RepositoryTable<Value>();

  add(pattern: ImagePattern, value: Value): void {
    const { registry, segments, dockerHubSegments } = pattern;
    const entry = { pattern, value };
    if (dockerHubSegments !== undefined) this.#dockerHub.add(dockerHubSegments, entry);
    const star = registry.lastIndexOf('*');
    const table =
      star === -1
        ? getOrInsert(this.#registries, registry, () => new RepositoryTable<Value>())
        : this.#endings.getOrInsert(registry.slice(star + 1), () => new RepositoryTable<Value>());
    table.add(segments, entry);
  }

  /**
   * Calls `found` with the value of each pattern that matches, in no order, until it returns true. The result is whether it
   * did.
   */
  find(image: ImageReference, found: (value: Value) => boolean): boolean {
    const test = ({ pattern, value }: Entry<Value>): boolean => matchesImage(pattern, image) && found(value);
    const { registry, repository } = image;
    if (isDockerHub(registry) && this.#dockerHub.some(withNamespace(repository), test)) return true;
    const host = withoutDefaultPort(registry);
    return (
      this.#registries.get(host)?.some(repository, test) === true ||
      this.#endings.someEnding(host, (table) => table.some(repository, test))
    );
  }
}

/** A list of patterns, of which one has to match. */
export class PatternList {
  readonly patterns: readonly ImagePattern[];
  readonly #fullNamesOnly: boolean;
  readonly #index: PatternIndex<true> | undefined;

  /** @param fullNamesOnly whether the list matches no image without a registry */
  constructor(patterns: readonly ImagePattern[], fullNamesOnly = false) {
    this.patterns = patterns;
    this.#fullNamesOnly = fullNamesOnly;
    if (patterns.length <= SHORT) return;
    this.#index = new PatternIndex();
    for (const pattern of patterns) this.#index.add(pattern, true);
  }

  matches(image: ImageReference): boolean {
    if (this.#fullNamesOnly && !image.fullyQualified) return false;
    return this.#index === undefined
      ? this.patterns.some((pattern) => matchesImage(pattern, image))
      : this.#index.find(image, () => true);
  }
}

/** Patterns by their repository: the whole text, or the text before the first wildcard. */
class RepositoryTable<Value> {
  readonly #whole = new Map<string, Entry<Value>[]>();
  readonly #beginnings = new TextTable<Entry<Value>[]>();

  add(segments: readonly string[], entry: Entry<Value>): void {
    const repository = segments.join('/');
    const star = repository.indexOf('*');
    const entries =
      star === -1
        ? getOrInsert(this.#whole, repository, () => [])
        : this.#beginnings.getOrInsert(repository.slice(0, star), () => []);
    entries.push(entry);
  }

  some(repository: string, test: (entry: Entry<Value>) => boolean): boolean {
    return (
      this.#whole.get(repository)?.some(test) === true ||
      this.#beginnings.someBeginning(repository, (entries) => entries.some(test))
    );
  }
}

/** Values by texts. It finds the values of all texts with which another text begins or ends. */
class TextTable<Value> {
  readonly #byLength = new Map<number, Map<string, Value>>();

  getOrInsert(text: string, create: () => Value): Value {
    const values = getOrInsert(this.#byLength, text.length, () => new Map<string, Value>());
    return getOrInsert(values, text, create);
  }

  someBeginning(text: string, test: (value: Value) => boolean): boolean {
    for (const [length, values] of this.#byLength) {
      if (length > text.length) continue;
      const value = values.get(text.slice(0, length));
      if (value !== undefined && test(value)) return true;
    }
    return false;
  }

  someEnding(text: string, test: (value: Value) => boolean): boolean {
    for (const [length, values] of this.#byLength) {
      if (length > text.length) continue;
      const value = values.get(text.slice(text.length - length));
      if (value !== undefined && test(value)) return true;
    }
    return false;
  }
}

function getOrInsert<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = create();
  map.set(key, value);
  return value;
}
