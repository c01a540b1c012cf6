import type { SemVer } from 'semver';
import { ParameterError } from '../parameter-error.ts';

/** Cheap look before the parser, which takes its time to say no. */
const VERSION_LIKE = /^v?\d+\.\d+\.\d+/;

/** A range that holds all of these bounds nothing: `*`, `>=0.0.0`, `<1 || >=1`. */
const EVERY_KIND = ['0.0.0', '0.0.1', '0.1.0', '1.0.0', '1.2.3', '999999.999999.999999'];

/**
 * Whether a tag is a semantic version in a range. Pre-releases count only where the range names one of the
 * same version. The library is loaded when a policy asks for it.
 * @throws {ParameterError} when the text is no range, or one that every version is in.
 * @see https://semver.org and https://github.com/npm/node-semver#ranges
 */
export async function parseSemverRange(text: string): Promise<(tag: string) => boolean> {
  const { default: semver } = await import('semver');
  const range = semver.validRange(text);
  if (range === null) {
    throw new ParameterError(
      ['semver'],
      `${JSON.stringify(text)} is not a range of semantic versions`,
      'write a range such as ">=1.2.0 <2"',
    );
  }
  const parsed = new semver.Range(text);
  if (EVERY_KIND.every((version) => parsed.test(version))) {
    throw new ParameterError(
      ['semver'],
      `${JSON.stringify(text)} is every version`,
      'name a lower or an upper bound',
    );
  }
  return (tag) => {
    const version = parseVersion(tag, semver.parse);
    return version !== null && parsed.test(version);
  };
}

// The rules of a policy are asked about one tag after the other, and parsing it costs more than comparing it.
let lastTag: string | undefined;
let lastVersion: SemVer | null = null;

function parseVersion(tag: string, parse: (text: string) => SemVer | null): SemVer | null {
  if (tag !== lastTag) {
    lastVersion = VERSION_LIKE.test(tag) ? parse(tag) : null;
    lastTag = tag;
  }
  return lastVersion;
}
