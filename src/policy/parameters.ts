import * as z from 'zod';
import { ImagePatternError } from '../image/pattern-text.ts';
import { parseImagePattern, type ImagePattern } from '../image/pattern.ts';
import type { DomainReader } from '../image/shared-registry.ts';
import type { Path } from '../document/json.ts';
import { parameterError, ProblemList } from './parameter-error.ts';

/** The schema of a list of image patterns. */
export const imageList = z
  .array(z.string())
  .min(1, { message: 'an empty list selects no image; name at least one' })
  .max(1000, { message: 'a list has at most 1000 items; write several rules' })
  .describe(
    'Registry and repository, whole segments: "*" within one, "**" for one or more, such as ghcr.io/acme/**.',
  );

/**
 * Parses a list of image patterns. `use` is `opens` if a match admits the image, and `closes` if it refuses the image.
 * The list of public domains is loaded when the first pattern needs it.
 * @throws {ParameterError} for the patterns that are invalid or misleading, with their indices
 */
export async function parseImageList(
  texts: readonly string[],
  use: 'opens' | 'closes',
  path: Path = ['images'],
): Promise<ImagePattern[]> {
  const readDomain = use === 'opens' && texts.some(hasOpenRegistry) ? await loadDomains() : undefined;
  const list = new ProblemList();
  const patterns = list.each(texts, path, (text) => {
    try {
      return parseImagePattern(text, use, readDomain);
    } catch (error) {
      if (!(error instanceof ImagePatternError)) throw error;
      throw parameterError([], error.message, error.hint, { cause: error });
    }
  });
  list.throwIfAny();
  return patterns;
}

/** The patterns of a list that closes which can be read as patterns that open. */
export async function patternsThatOpen(texts: readonly string[]): Promise<ImagePattern[]> {
  const readDomain = texts.some(hasOpenRegistry) ? await loadDomains() : undefined;
  return texts.flatMap((text) => {
    try {
      return [parseImagePattern(text, 'opens', readDomain)];
    } catch (error) {
      if (!(error instanceof ImagePatternError)) throw error;
      return [];
    }
  });
}

function hasOpenRegistry(text: string): boolean {
  return text.split('/', 1)[0]?.includes('*') === true;
}

async function loadDomains(): Promise<DomainReader> {
  // The default export, because a bundled CommonJS package has no other.
  const { default: tldts } = await import('tldts');
  return (host) => tldts.getDomain(host, { allowPrivateDomains: true });
}

/** Maximum number of characters of an expression for tags. */
export const EXPRESSION_MAX = 256;

/** The schema of a range or a pattern of tags. */
export const tagExpression = z
  .string()
  .min(1, { message: 'it is empty; leave it out, or write the range or the expression' })
  .max(EXPRESSION_MAX, {
    message: `it has more than ${EXPRESSION_MAX} characters; split it into several rules`,
  });

/**
 * Exactly one of the parameters of a check must be there.
 * @throws {ParameterError}
 */
export function checkOneOf(check: string, parameters: Readonly<Record<string, unknown>>): void {
  const names = Object.keys(parameters);
  const found = names.filter((name) => parameters[name] !== undefined);
  if (found.length === 1) return;
  const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  const message = `${check} takes exactly one of ${list}, this one has ${found.join(' and ') || 'none'}`;
  const hint = found.length === 0 ? 'write one of them' : 'split it into one rule for each';
  throw parameterError([], message, hint);
}

/** A tag with wildcards is meant as a pattern, so the remedy is this pattern. */
function sayTagFault(tag: string): string {
  const rule = 'a tag has letters, digits, "_", "." and "-" only, at most 128 of them';
  if (!/^[\w.*-]+$/.test(tag) || /^\*+$/.test(tag)) return rule;
  const expression = tag.replaceAll('.', String.raw`\.`).replaceAll(/\*+/g, '.*');
  return `${rule}; for wildcards write pattern: '${expression}' instead of tags`;
}

/**
 * The schema of a list of tags. A tag is compared as a whole and with its case; it has no wildcards.
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
 */
export const tagList = z
  .array(z.string().regex(/^\w[\w.-]{0,127}$/, { error: ({ input }) => sayTagFault(String(input)) }))
  .min(1, { message: 'an empty list selects no tag; name at least one' })
  .max(1000, { message: 'a list has at most 1000 items; write several rules' });
