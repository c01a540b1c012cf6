/**
 * Which Node runs this program. This is plain JavaScript, because an old Node loads it to report that it is too old.
 * It is in bin/, because the published package contains only bin/ and dist/.
 */

/**
 * Whether it is Node 24 from 24.15 on, or 26 and later. 25 was never a long-term release, and libraries do not support it.
 *
 * @param {string} version as `process.version` spells it
 * @returns {boolean}
 */
export function isSupportedNode(version) {
  const numbers = /^v?(\d+)\.(\d+)\./.exec(version);
  if (numbers === null) return false;
  const major = Number(numbers[1]);
  return major >= 26 || (major === 24 && Number(numbers[2]) >= 15);
}

/**
 * The sentence for a user whose Node is too old.
 *
 * @param {string} version as `process.version` spells it
 * @param {'checkout' | 'package'} place `npm ci` installs a Node in a checkout, but not with the package
 * @returns {string}
 */
export function unsupportedNodeSentence(version, place) {
  const needs = `kube-image-bouncer needs Node 24.15 or newer; this is ${version}`;
  return place === 'checkout'
    ? `${needs} and no other was installed with it: run npm ci, or install Node 24.`
    : `${needs}: install Node 24.`;
}
