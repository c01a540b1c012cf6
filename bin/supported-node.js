/**
 * Which Node runs this program. Plain JavaScript that an old Node can load: it is what tells the owner of one
 * what to do. The published package holds only bin/ and dist/, so what both share with the scripts stands here.
 */

/**
 * Node 24 from 24.15 on, or any from 26 on: 25 was never a long-term release, and libraries leave it out too.
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
 * The one sentence for a person whose Node is too old.
 *
 * @param {string} version as `process.version` spells it
 * @param {'checkout' | 'package'} place a checkout brings its own Node with `npm ci`, the package does not
 * @returns {string}
 */
export function unsupportedNodeSentence(version, place) {
  const needs = `kube-image-bouncer needs Node 24.15 or newer; this is ${version}`;
  return place === 'checkout'
    ? `${needs} and no other was installed with it: run npm ci, or install Node 24.`
    : `${needs}: install Node 24.`;
}
