import type * as SemverModule from 'semver';
import type { Range, SemVer } from 'semver';
import { parameterError } from '../parameter-error.ts';
import type { LastTag } from '../rule.ts';

/** Each version begins like this. This test is cheaper than the parser. */
const VERSION_LIKE = /^v?\d+\.\d+\.\d+/;

/** A range that contains all of these versions has no limit: `*`, `>=0.0.0`, `<1 || >=1`. */
const EVERY_KIND = ['0.0.0', '0.0.1', '0.1.0', '1.0.0', '1.2.3', '999999.999999.999999'];

/** Two versions with "-" and no blanks: the second one is read as a pre-release of the first one. */
const GLUED = /(\d+\.\d+\.\d+)-(v?\d+\.\d+(?:\.\d+)?)/;

/**
 * A test whether a tag is a semantic version in a range. A pre-release is in a range only if the range names a
 * pre-release of the same version. The library is loaded when the first policy needs it. `lastTag` is for semantic versions only.
 * @throws {ParameterError} if the text is not a range, or is a range that contains every version or none
 * @see https://semver.org and https://github.com/npm/node-semver#ranges
 */
export async function parseSemverRange(text: string, lastTag: LastTag): Promise<(tag: string) => boolean> {
  const { default: semver } = await import('semver');
  const range = semver.validRange(text);
  if (range === null) {
    throw parameterError(
      ['semver'],
      `${JSON.stringify(text)} is not a range of semantic versions`,
      'write a range such as ">=1.2.0 <2"',
    );
  }
  const parsed = new semver.Range(text);
  if (EVERY_KIND.every((version) => parsed.test(version))) {
    throw parameterError(
      ['semver'],
      `${JSON.stringify(text)} contains every version`,
      'name a lower or an upper bound',
    );
  }
  const glued = GLUED.exec(text);
  if (glued !== null) {
    const hint = `write ${glued[1]} - ${glued[2]} with blanks for a range, or use tags for this one tag`;
    throw parameterError(['semver'], `${JSON.stringify(text)} is one version, not a range`, hint);
  }
  if (!containsSome(parsed, semver)) {
    const hint = 'write the lower bound first, as in ">=1.2.0 <2"';
    throw parameterError(['semver'], `no version is in ${JSON.stringify(text)}`, hint);
  }
  const parse = (tag: string): SemVer | null => (VERSION_LIKE.test(tag) ? semver.parse(tag) : null);
  return (tag) => {
    const version = lastTag.parse(tag, parse);
    return version !== null && parsed.test(version);
  };
}

/**
 * Whether at least one version is in a range: in one of its alternatives. The library finds the least release that is not
 * below a bound. A pre-release is in an alternative only if a bound has one of the same version; then the least one is its
 * first one, itself, or the next one.
 */
function containsSome(range: Range, { minVersion }: Pick<typeof SemverModule, 'minVersion'>): boolean {
  return range.set.some((bounds) => {
    const alternative = bounds.map(({ value }) => value).join(' ');
    const candidates = bounds.flatMap(({ semver: { major, minor, patch, prerelease } }) => {
      const release = `${major}.${minor}.${patch}`;
      const own = `${release}-${prerelease.join('.')}`;
      return prerelease.length === 0 ? [] : [`${release}-0`, own, `${own}.0`];
    });
    return minVersion(alternative) !== null || candidates.some((version) => range.test(version));
  });
}
