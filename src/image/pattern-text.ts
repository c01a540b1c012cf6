import { inEnglish } from '../language/catalogue.ts';
import { quoted } from './fault.ts';
import { COMPONENT } from './grammar.ts';
import { registryFault } from './host.ts';
import { canonicalIPv6 } from './ipv6.ts';

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
  /** The remedy, as a clause in the imperative: `write docker.io/library/nginx`. A pattern in it can be loaded. */
  readonly hint: string;

  constructor(code: ImagePatternErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}

/** What an author may write instead of a wrong pattern. */
interface Remedies {
  /** Texts that the author may have meant, best first. They are proposed only if they can be loaded. */
  readonly repairs?: readonly string[];
  /** The advice if no repair can be loaded. Patterns in it can be loaded. */
  readonly advice: string;
}

/** The fault of a pattern, before its remedy is chosen. */
export class PatternFault extends Error {
  override readonly name = 'PatternFault';
  readonly code: ImagePatternErrorCode;
  readonly repairs: readonly string[];
  readonly advice: string;

  constructor(
    code: ImagePatternErrorCode,
    text: string,
    problem: string,
    { repairs = [], advice }: Remedies,
  ) {
    super(`Pattern ${quoted(text)} ${problem}.`);
    this.code = code;
    this.repairs = repairs;
    this.advice = advice;
  }
}

/** Maximum number of characters of a pattern. */
const PATTERN_MAX = 512;

/** Maximum number of wildcards (`*` and `**`) of a pattern. */
const WILDCARDS_MAX = 16;

const LETTERS_AND_STARS = /[^a-z0-9._:/@*[\]-]/;
const BRACKETED_ADDRESS = /^\[([0-9a-fA-F:]*)\]/;
const OTHER_GLOB = /[?{}!\\()|,^]/;
const BRACKETED_REGISTRY = /^\[[0-9a-fA-F:]*\](?::[0-9]*)?(?=\/|$)/;
const NAMES_REGISTRY = /[.:[]/;
const WHOLE_SEGMENTS = 'write whole path segments, as in registry.example.com/team/*';

/** The parts of a pattern. Each is well formed. */
interface PatternParts {
  /** With its port. */
  readonly registry: string;
  readonly segments: readonly string[];
}

/**
 * Checks the text of a pattern as a whole: its length, its characters and the number of its wildcards.
 * @throws {PatternFault}
 */
export function checkPatternText(text: string): void {
  if (text === '')
    throw new PatternFault('PATTERN_EMPTY', text, 'is empty', { advice: 'write registry.example.com/**' });
  if (text.length > PATTERN_MAX) {
    const problem = `is longer than ${PATTERN_MAX} characters`;
    throw new PatternFault('PATTERN_TOO_LONG', text, problem, { advice: 'shorten it' });
  }
  const scheme = text.indexOf('://');
  if (scheme !== -1) {
    const remedies = { repairs: [text.slice(scheme + 3)], advice: 'write the registry without a scheme' };
    throw new PatternFault('PATTERN_SCHEME', text, 'begins with a scheme', remedies);
  }
  checkCharacters(text);
  if ((text.match(/\*+/g) ?? []).length > WILDCARDS_MAX) {
    const problem = `has more than ${WILDCARDS_MAX} wildcards`;
    throw new PatternFault('PATTERN_TOO_MANY_WILDCARDS', text, problem, { advice: 'write several patterns' });
  }
}

/**
 * Splits a text that `checkPatternText` has accepted.
 * @throws {PatternFault} if a part is not well formed.
 */
export function splitPattern(text: string): PatternParts {
  checkNoTagOrDigest(text);
  const slash = text.indexOf('/');
  const registry = slash === -1 ? text : text.slice(0, slash);
  if (registry !== 'localhost' && registry !== '*' && !NAMES_REGISTRY.test(registry))
    throw registryMissing(text);
  checkRegistry(text, registry);
  if (slash === -1) {
    throw new PatternFault('PATTERN_REPOSITORY_MISSING', text, 'has a registry, but no repository', {
      repairs: [`${text}/**`],
      advice: 'name the registry and the repositories, as in registry.example.com/**',
    });
  }
  const segments = text.slice(slash + 1).split('/');
  for (const segment of segments) checkSegment(text, segment);
  return { registry, segments };
}

function checkCharacters(text: string): void {
  const outside = text.replace(BRACKETED_REGISTRY, '');
  const glob = OTHER_GLOB.exec(outside) ?? /[[\]]/.exec(outside);
  if (glob !== null) {
    const advice = 'use * and ** only; there are no other wildcards';
    throw new PatternFault('PATTERN_GLOB', text, `has ${quoted(glob[0])}`, { advice });
  }
  if (/[A-Z]/.test(text)) {
    const remedies = { repairs: [text.toLowerCase()], advice: 'write it in lower case' };
    throw new PatternFault('PATTERN_UPPER_CASE', text, 'has an upper-case letter', remedies);
  }
  const character = LETTERS_AND_STARS.exec(text)?.[0];
  if (character === undefined) return;
  const trimmed = text.trim();
  throw new PatternFault('PATTERN_CHARACTER', text, `has the character ${quoted(character)}`, {
    repairs: trimmed === text ? [] : [trimmed],
    advice: 'use lower-case letters, digits, "._-/:" and the wildcards * and **',
  });
}

function checkNoTagOrDigest(text: string): void {
  const slash = text.indexOf('/');
  // After the registry a colon begins a tag. In a text without a slash it may begin a port.
  const tagged = slash === -1 ? /^[^[]*:(?![0-9]+$)/.test(text) : text.includes(':', slash);
  if (!tagged && !text.includes('@')) return;
  const problem = text.includes('@') ? 'has a digest' : 'has a tag';
  const advice = 'name the repository only, and use an allowedTags, disallowedTags or requiredDigest rule';
  throw new PatternFault('PATTERN_TAG_OR_DIGEST', text, problem, { advice });
}

function checkRegistry(text: string, registry: string): void {
  if (registry.includes('**')) throw doubleStar(text);
  // Check one name that the pattern matches: a letter for each wildcard.
  const fault = registryFault(registry.replaceAll('*', 'x'));
  if (fault === undefined) return;
  const example = registry.includes('*') ? ' with a letter for each wildcard' : '';
  const problem = `has an invalid registry${example}: ${inEnglish(fault.reason)}`;
  const [, address = ''] = BRACKETED_ADDRESS.exec(registry) ?? [];
  const canonical = canonicalIPv6(address);
  const repairs = canonical === undefined ? [] : [text.replace(address, canonical)];
  throw new PatternFault('PATTERN_REGISTRY_INVALID', text, problem, {
    repairs,
    advice: inEnglish(fault.remedy),
  });
}

function checkSegment(text: string, segment: string): void {
  if (segment === '**') return;
  if (segment.includes('**')) throw doubleStar(text);
  // Check one segment that the pattern matches: a digit for each wildcard. All others have their separators in the same places.
  if (COMPONENT.test(segment.replaceAll('*', '0'))) return;
  if (segment !== '') {
    const problem = `has the path segment ${quoted(segment)}, which no repository has`;
    throw new PatternFault('PATTERN_REPOSITORY_INVALID', text, problem, { advice: WHOLE_SEGMENTS });
  }
  throw new PatternFault('PATTERN_REPOSITORY_INVALID', text, 'has an empty path segment', {
    // A name with a "/" at its end means everything below the name.
    repairs: [text.replace(/\/+$/, '/**').replaceAll(/\/{2,}/g, '/')],
    advice: WHOLE_SEGMENTS,
  });
}

function doubleStar(text: string): PatternFault {
  return new PatternFault('PATTERN_GLOB', text, 'has ** beside other characters', {
    repairs: [text.replaceAll(/(?<=[^/*])\*{2,}|\*{2,}(?=[^/*])/g, '*').replaceAll(/\*{3,}/g, '**')],
    advice: 'write ** between slashes for whole segments, or * within one',
  });
}

function registryMissing(text: string): PatternFault {
  const path = text.includes('/') ? text : `library/${text}`;
  return new PatternFault('PATTERN_REGISTRY_MISSING', text, 'names no registry', {
    repairs: text.startsWith('**') ? [] : [`docker.io/${path}`],
    advice: 'write the registry first, as in registry.example.com/**',
  });
}
