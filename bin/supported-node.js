/**
 * Which Node runs this program. This is plain JavaScript, because an old Node loads it to report that it is too old.
 * It is in bin/, because the published package contains only bin/ and dist/.
 */

/**
 * The first version of each line whose `JSON.parse` reads every key right. 25 was never a long-term release, and
 * libraries do not support it.
 */
const FIRST_OF_24 = [24, 22, 1];
const FIRST_OF_26 = [26, 12, 1];

/**
 * Whether it is Node 24 from 24.22.1 on, or 26.12.1 and later.
 *
 * @param {string} version as `process.version` spells it
 * @returns {boolean}
 */
export function isSupportedNode(version) {
  const numbers = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (numbers === undefined) return false;
  return isAtLeast(numbers, numbers[0] === 24 ? FIRST_OF_24 : FIRST_OF_26);
}

/**
 * @param {readonly number[]} version major, minor and patch
 * @param {readonly number[]} first
 * @returns {boolean}
 */
function isAtLeast(version, first) {
  const differing = first.findIndex((number, index) => version[index] !== number);
  return differing === -1 || Number(version[differing]) > Number(first[differing]);
}

/**
 * The sentence for a user whose Node is not supported.
 *
 * @param {string} version as `process.version` spells it
 * @param {'checkout' | 'package'} place where the program is
 * @param {string} platform as `process.platform` spells it; `npm ci` installs a Node in a checkout on Linux only
 * @returns {string}
 */
export function unsupportedNodeSentence(version, place, platform = process.platform) {
  const needs = `kube-image-bouncer needs Node 24 from 24.22.1 on, or Node 26 from 26.12.1 on; this is ${version}`;
  return place === 'checkout' && platform === 'linux'
    ? `${needs} and no other was installed with it: run npm ci, or install one of them.`
    : `${needs}: install one of them.`;
}
