import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** An import, an export from another module, or a lazy `import()`. Imports of types are included. */
interface Import {
  /** The text in the source: `../image/use.ts`, `node:fs`, `zod`. */
  readonly specifier: string;
  /** The imported file, from the root of the checkout; `undefined` for a package. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
  /** The text between `import` and `from`: `{ isIP }`. */
  readonly clause: string;
}

/** The content of a file of the checkout. */
export interface SourceFile {
  /** From the root of the checkout, with `/`: `src/image/use.ts`. */
  readonly path: string;
  readonly text: string;
  /** Without comments, so that code in a comment does not count. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const IMPORT =
  /(?:^|[\s;}])(?<keyword>import|export)\s+(?<type>type\s)?(?:(?<clause>[^'"`;()]*?)\sfrom\s+)?['"](?<from>[^'"]+)['"]|\bimport\(\s*['"](?<lazy>[^'"]+)['"]/g;

/** Every file below a folder whose name has this ending, in a stable order. */
export function filesBelow(folder: string, ending: string): readonly SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .toSorted()
    .map(readSource);
}

/** The program without its tests. */
export function productionSources(): readonly SourceFile[] {
  return filesBelow('src', '.ts').filter(({ path }) => !isTest(path));
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** Reads one file of the checkout. */
export function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const code = withoutComments(text);
  return { path, text, code, imports: importsOf(path, code) };
}

/** The imports of a file, read from its text alone. Exported for its own test. */
export function importsOf(path: string, code: string): readonly Import[] {
  return [...code.matchAll(IMPORT)].map(({ groups }) => {
    const specifier = groups?.['from'] ?? groups?.['lazy'] ?? '';
    const target = specifier.startsWith('.')
      ? relative(root, join(root, dirname(path), specifier)).replaceAll('\\', '/')
      : undefined;
    return { specifier, target, typeOnly: groups?.['type'] !== undefined, clause: groups?.['clause'] ?? '' };
  });
}

/** Strings and template literals are kept whole, because a `//` in one of them starts no comment. */
export function withoutComments(text: string): string {
  return text.replaceAll(
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[^]*?\*\/|\/\/[^\n]*/g,
    (match) => (match.startsWith('/') ? match.replaceAll(/[^\n]/g, ' ') : match),
  );
}
