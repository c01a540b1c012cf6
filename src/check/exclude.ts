import { basename, dirname, matchesGlob } from 'node:path';

/** Which files are left out. */
export interface Exclusion {
  /** Whether a glob matches the path itself. What is inside an excluded folder is not looked at. */
  readonly has: (path: string) => boolean;
  /** Whether a glob matches the path, or a folder above it. */
  readonly hasOrContains: (path: string) => boolean;
  /** Whether anything was left out until now. */
  readonly hasMatched: () => boolean;
}

/**
 * Matches globs as a shell does: `*` and `?` stay inside a name and match no dot at its start, `**` is any number of
 * folders, `[ab]` one character, and `{a,b}` one of several texts. A glob without `/` matches the name of a file or of a
 * folder at any depth. `nameOf` returns the path that the globs are about, with `/`. @default the path itself
 */
export function createExclusion(
  globs: readonly string[],
  nameOf: (path: string) => string = (path) => path,
): Exclusion {
  const wanted = globs.map((glob) => {
    const text = glob.replace(/^(\.\/+)+/, '').replace(/\/+$/, '');
    return { text, isName: !text.includes('/') };
  });
  const matches = (name: string): boolean =>
    wanted.some(({ text, isName }) => matchesGlob(isName ? basename(name) : name, text));
  const matchesAbove = (name: string): boolean => {
    const parent = dirname(name);
    return matches(name) || (parent !== name && parent !== '.' && matchesAbove(parent));
  };
  let hasMatched = false;
  const note = (isLeftOut: boolean): boolean => {
    hasMatched ||= isLeftOut;
    return isLeftOut;
  };
  return {
    has: (path) => wanted.length > 0 && note(matches(nameOf(path))),
    hasOrContains: (path) => wanted.length > 0 && note(matchesAbove(nameOf(path))),
    hasMatched: () => hasMatched,
  };
}
