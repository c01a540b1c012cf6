import type { Region, TextDocument } from '../document/text-document.ts';
import { inEnglish } from '../language/catalogue.ts';
import type { Phrase } from '../language/phrase.ts';
import { recogniseDocument } from './render-first.ts';
import { isObject, type Fields, type Path } from '../document/json.ts';

/** Deepest nesting of lists in lists. */
const MAX_LIST_DEPTH = 8;

/** One object of a document. */
export interface Manifest {
  readonly what: 'object';
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: Fields;
  /** Returns the region of a field of this object. The empty path means the object itself. */
  readonly locate: (path: Path) => Region;
}

/** A document that another tool makes objects of. */
interface RenderedDocument {
  readonly what: 'note';
  readonly region: Region;
  readonly code: 'RENDER_FIRST';
  readonly text: Phrase;
}

/** A part of a document that is not an object. */
interface NotAnObject {
  readonly what: 'problem';
  readonly region: Region;
  /** What is wrong with it, as a sentence without its place. */
  readonly problem: string;
}

/** `strict`: every document must be an object. `lenient`: other documents are skipped, if need be with a note. */
export type ManifestMode = 'strict' | 'lenient';

/**
 * The objects of a document of a file: one, or the items of a list. An item that is not an object hides no other item.
 */
export function* openManifests(
  document: TextDocument,
  file: string,
  mode: ManifestMode,
): Generator<Manifest | NotAnObject | RenderedDocument> {
  const rendered = recogniseDocument(document.value, file);
  if (rendered !== undefined) {
    const region = document.locate([]);
    // The chart of the values has its own note.
    if (mode === 'lenient' && rendered.key === 'RENDER_FIRST.helm-values') return;
    if (mode === 'strict') yield { what: 'problem', region, problem: inEnglish(rendered) };
    else yield { what: 'note', region, code: 'RENDER_FIRST', text: rendered };
    return;
  }
  const type = typeOf(document.value);
  // A folder may also hold other files, such as Helm values. A file that the caller names must hold objects.
  if (mode === 'lenient' && type.kind === '') return;
  // kubectl needs only a kind: it opens a List without apiVersion as well.
  const fallback = mode === 'lenient' && type.apiVersion === '' ? { apiVersion: 'v1' } : {};
  yield* openObject(document, [], document.value, { ...type, ...fallback }, 0);
}

/** The type of an object; `''` for a field that the object does not have. */
interface Type {
  readonly apiVersion: string;
  readonly kind: string;
}

function typeOf(value: unknown): Type {
  const { apiVersion, kind } = isObject(value) ? value : {};
  return {
    apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
    kind: typeof kind === 'string' ? kind : '',
  };
}

function* openObject(
  document: TextDocument,
  path: Path,
  object: unknown,
  type: Type,
  depth: number,
): Generator<Manifest | NotAnObject> {
  const locate = (field: Path): Region => document.locate([...path, ...field]);
  if (!isObject(object) || type.apiVersion === '' || type.kind === '') {
    yield {
      what: 'problem',
      region: locate([]),
      problem: 'this is not a Kubernetes object: it has no apiVersion or no kind',
    };
    return;
  }
  // kubectl treats every object with items as a list. A kind that ends in List has no content of its own.
  const items: unknown = object['items'];
  if (!Array.isArray(items) || !type.kind.endsWith('List'))
    yield { what: 'object', ...type, object: { ...object, ...type }, locate };
  if (!Array.isArray(items)) return;
  if (depth >= MAX_LIST_DEPTH) {
    yield {
      what: 'problem',
      region: locate([]),
      problem: `lists are nested more than ${MAX_LIST_DEPTH} levels deep`,
    };
    return;
  }
  for (const [index, item] of items.entries())
    yield* openObject(document, [...path, 'items', index], item, typeOfItem(item, type), depth + 1);
}

/** An item of a PodList that names no type is a Pod. */
function typeOfItem(item: unknown, { apiVersion, kind }: Type): Type {
  const own = typeOf(item);
  const hasNoType = own.apiVersion === '' && own.kind === '';
  return hasNoType ? { apiVersion, kind: kind.replace(/List$/, '') } : own;
}
