import type { SemVer } from 'semver';
import { ParameterError } from '../parameters.ts';
import type { LastTag } from '../rule.ts';

/** Each version begins like this. This test is cheaper than the parser. */
const VERSION_LIKE = /^v?\d+\.\d+\.\d+/;

/** A range that contains all of these versions has no limit: `*`, `>=0.0.0`, `<1 || >=1`. */
const EVERY_KIND = ['0.0.0', '0.0.1', '0.1.0', '1.0.0', '1.2.3', '999999.999999.999999'];

/**
 * A test whether a tag is a semantic version in a range. A pre-release is in a range only if the range names a
 * pre-release of the same version. The library is loaded when the first policy needs it. `lastTag` is for semantic versions only.
 * @throws {ParameterError} if the text is not a range, or is a range that contains every version
 * @see https://semver.org and https://github.com/npm/node-semver#ranges
 */
export async function parseSemverRange(text: string, lastTag: LastTag): Promise<(tag: string) => boolean> {
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
      `${JSON.stringify(text)} contains every version`,
      'name a lower or an upper bound',
    );
  }
  const parse = (tag: string): SemVer | null => (VERSION_LIKE.test(tag) ? semver.parse(tag) : null);
  return (tag) => {
    const version = lastTag.parse(tag, parse);
    return version !== null && parsed.test(version);
  };
}
