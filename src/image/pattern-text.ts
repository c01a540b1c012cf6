import { inEnglish } from '../language/catalogue.ts';
import { quoted } from './fault.ts';
import { COMPONENT } from './grammar.ts';
import { registryFault } from './host.ts';

/** Stable codes for an image pattern that is refused. docs/errors.md lists them with their remedies. */
export type ImagePatternErrorCode =
  | 'PATTERN_EMPTY'
  | 'PATTERN_TOO_LONG'
  | 'PATTERN_CHARACTER'
  | 'PATTERN_UPPER_CASE'
  | 'PATTERN_SCHEME'
  | 'PATTERN_TAG_OR_DIGEST'
  | 'PATTERN_GLOB'
  | 'PATTERN_TOO_MANY_WILDCARDS'
  | 'PATTERN_REGISTRY_MISSING'
  | 'PATTERN_REGISTRY_INVALID'
  | 'PATTERN_REGISTRY_TOO_BROAD'
  | 'PATTERN_REPOSITORY_MISSING'
  | 'PATTERN_REPOSITORY_INVALID'
  | 'PATTERN_MATCHES_NOTHING';

/** A pattern that is refused when a policy is loaded, because it is invalid or misleading. */
export class ImagePatternError extends Error {
  override readonly name = 'ImagePatternError';
  readonly code: ImagePatternErrorCode;
  /** The remedy, as a clause in the imperative: `write docker.io/library/nginx`. */
  readonly hint: string;

  constructor(code: ImagePatternErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}

/** Maximum number of characters of a pattern. */
const PATTERN_MAX = 512;

/** Maximum number of wildcards (`*` and `**`) of a pattern. */
const WILDCARDS_MAX = 16;

const LETTERS_AND_STARS = /[^a-z0-9._:/@*[\]-]/;
const OTHER_GLOB = /[?{}!\\()|,^]/;
const BRACKETED_REGISTRY = /^\[[0-9a-fA-F:]*\](?::[0-9]*)?(?=\/|$)/;
const NAMES_REGISTRY = /[.:*[]/;

/** The parts of a pattern. Each is well formed. */
interface PatternParts {
  /** With its port. */
  readonly registry: string;
  readonly segments: readonly string[];
}

/**
 * Checks the text of a pattern as a whole: its length, its characters and the number of its wildcards.
 * @throws {ImagePatternError}
 */
export function checkPatternText(text: string): void {
  if (text === '') throw patternError('PATTERN_EMPTY', text, 'is empty', 'write registry.example.com/**');
  if (text.length > PATTERN_MAX) {
    throw patternError('PATTERN_TOO_LONG', text, `is longer than ${PATTERN_MAX} characters`, 'shorten it');
  }
  if (text.includes('://')) {
    throw patternError('PATTERN_SCHEME', text, 'begins with a scheme', 'write the registry without a scheme');
  }
  checkCharacters(text);
  if ((text.match(/\*+/g) ?? []).length > WILDCARDS_MAX) {
    const problem = `has more than ${WILDCARDS_MAX} wildcards`;
    throw patternError('PATTERN_TOO_MANY_WILDCARDS', text, problem, 'write several patterns');
  }
}

/**
 * Splits a text that `checkPatternText` has accepted.
 * @throws {ImagePatternError} if a part is not well formed.
 */
export function splitPattern(text: string): PatternParts {
  checkNoTagOrDigest(text);
  const slash = text.indexOf('/');
  const registry = slash === -1 ? text : text.slice(0, slash);
  if (registry === '**' || (registry !== 'localhost' && !NAMES_REGISTRY.test(registry)))
    throw registryMissing(text);
  checkRegistry(text, registry);
  if (slash === -1) {
    throw patternError(
      'PATTERN_REPOSITORY_MISSING',
      text,
      'has a registry, but no repository',
      `write ${text}/**`,
    );
  }
  const segments = text.slice(slash + 1).split('/');
  for (const segment of segments) checkSegment(text, segment);
  return { registry, segments };
}

function checkCharacters(text: string): void {
  const outside = text.replace(BRACKETED_REGISTRY, '');
  const glob = OTHER_GLOB.exec(outside) ?? /[[\]]/.exec(outside);
  if (glob !== null) {
    throw patternError(
      'PATTERN_GLOB',
      text,
      `has ${quoted(glob[0])}`,
      'use * and ** only; there are no other wildcards',
    );
  }
  if (/[A-Z]/.test(text)) {
    throw patternError('PATTERN_UPPER_CASE', text, 'has an upper-case letter', 'write it in lower case');
  }
  const character = LETTERS_AND_STARS.exec(text)?.[0];
  if (character !== undefined) {
    const hint = 'use lower-case letters, digits, "._-/:" and the wildcards * and **';
    throw patternError('PATTERN_CHARACTER', text, `has the character ${quoted(character)}`, hint);
  }
}

function checkNoTagOrDigest(text: string): void {
  const slash = text.indexOf('/');
  // After the registry a colon begins a tag. In a text without a slash it may begin a port.
  const tagged = slash === -1 ? /^[^[]*:(?![0-9]+$)/.test(text) : text.includes(':', slash);
  if (!tagged && !text.includes('@')) return;
  throw patternError(
    'PATTERN_TAG_OR_DIGEST',
    text,
    text.includes('@') ? 'has a digest' : 'has a tag',
    'name the repository only, and use an allowedTags, disallowedTags or requiredDigest rule',
  );
}

function checkRegistry(text: string, registry: string): void {
  if (registry.includes('**')) throw doubleStar(text);
  // Check one name that the pattern matches: a letter for each wildcard.
  const fault = registryFault(registry.replaceAll('*', 'x'));
  if (fault !== undefined) {
    const example = registry.includes('*') ? ' with a letter for each wildcard' : '';
    throw patternError(
      'PATTERN_REGISTRY_INVALID',
      text,
      `has an invalid registry${example}: ${inEnglish(fault.reason)}`,
      inEnglish(fault.remedy),
    );
  }
  const labels = registry.split('.');
  if (registry !== '*' && labels.slice(-2).some((label) => label.includes('*'))) {
    throw patternError(
      'PATTERN_REGISTRY_TOO_BROAD',
      text,
      'has a wildcard in the last two labels of its registry, where anyone can register a name',
      'write the whole domain, as in *.example.com/**',
    );
  }
}

function checkSegment(text: string, segment: string): void {
  if (segment === '**') return;
  if (segment.includes('**')) throw doubleStar(text);
  // Check one segment that the pattern matches: a digit for each wildcard. All others have their separators in the same places.
  if (COMPONENT.test(segment.replaceAll('*', '0'))) return;
  const problem =
    segment === ''
      ? 'has an empty path segment'
      : `has the path segment ${quoted(segment)}, which no repository has`;
  throw patternError(
    'PATTERN_REPOSITORY_INVALID',
    text,
    problem,
    'write whole path segments, as in registry.example.com/team/*',
  );
}

function doubleStar(text: string): ImagePatternError {
  const hint = 'write ** between slashes for whole segments, or * within one';
  return patternError('PATTERN_GLOB', text, 'has ** beside other characters', hint);
}

function registryMissing(text: string): ImagePatternError {
  if (text.startsWith('**')) {
    return patternError(
      'PATTERN_REGISTRY_MISSING',
      text,
      'names no registry',
      'write registry.example.com/**',
    );
  }
  const path = text.includes('/') ? text : `library/${text}`;
  return patternError('PATTERN_REGISTRY_MISSING', text, 'names no registry', `write docker.io/${path}`);
}

function patternError(
  code: ImagePatternErrorCode,
  text: string,
  problem: string,
  hint: string,
): ImagePatternError {
  return new ImagePatternError(code, `Pattern ${quoted(text)} ${problem}.`, hint);
}
