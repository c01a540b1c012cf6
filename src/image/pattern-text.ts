import { inEnglish } from '../language/catalogue.ts';
import { quoted } from './fault.ts';
import { COMPONENT } from './grammar.ts';
import { registryFault } from './host.ts';
import { ImagePatternError, type ImagePatternErrorCode } from './pattern-error.ts';

/** Characters in a pattern. */
export const PATTERN_MAX = 512;

/** `*` and `**` in a pattern. */
export const WILDCARDS_MAX = 16;

const LETTERS_AND_STARS = /[^a-z0-9._:/@*[\]-]/;
const OTHER_GLOB = /[?{}!\\()|,^]/;
const BRACKETED_REGISTRY = /^\[[0-9a-fA-F:]*\](?::[0-9]*)?(?=\/|$)/;
const NAMES_REGISTRY = /[.:*[]/;

/** The parts of a pattern, well formed each, the registry with its port. */
export interface PatternParts {
  readonly registry: string;
  readonly segments: readonly string[];
}

/** Refuses what is wrong with a pattern wherever it stands in it. */
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

/** The parts of a text that `checkPatternText` let pass. */
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
      'names a registry and no repository',
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
      'use * and ** only; they are the whole language',
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
  // Behind the registry a colon begins a tag; without a slash, unless it may begin a port.
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
  // One letter in place of each wildcard: the registry can occur if that one can.
  const fault = registryFault(registry.replaceAll('*', 'x'));
  if (fault !== undefined) {
    const example = registry.includes('*') ? ' with a letter for each wildcard' : '';
    throw patternError(
      'PATTERN_REGISTRY_INVALID',
      text,
      `has no registry${example}: ${inEnglish(fault.reason)}`,
      inEnglish(fault.remedy),
    );
  }
  const labels = registry.split('.');
  if (registry !== '*' && labels.slice(-2).some((label) => label.includes('*'))) {
    throw patternError(
      'PATTERN_REGISTRY_TOO_BROAD',
      text,
      'has a wildcard in the last two labels of its registry, where anybody can have a name',
      'write the domain out, as in *.example.com/**',
    );
  }
}

function checkSegment(text: string, segment: string): void {
  if (segment === '**') return;
  if (segment.includes('**')) throw doubleStar(text);
  // As above: between letters and digits every separator is where it was, so one digit decides for all runs.
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
