import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { inEnglish } from '../../src/language/catalogue.ts';

import {
  canonicalName,
  effectiveTag,
  type ImageReference,
  parseImageReference,
} from '../../src/image/reference.ts';
import { plausibleReference } from './reference-grammar.ts';
import type { FuzzTarget } from './target.ts';

// ReferenceRegexp of distribution/reference v0.6.0, as its regexp.go composes it.
const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${LABEL}(?:\\.${LABEL})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*[:][0-9A-Fa-f]{32,}';
const UPSTREAM = new RegExp(
  `^(?:(${DOMAIN})/)?(${COMPONENT}(?:/${COMPONENT})*)(?::([\\w][\\w.-]{0,127}))?(?:@(${DIGEST}))?$`,
);

const SLOW_MS = 2;

/**
 * Image references. `parseImageReference` never throws. Its time is linear in the text. It reads what upstream's
 * regular expression reads. It reads its own rendering as the same image.
 */
export const references: FuzzTarget = { name: 'references', generate: plausibleReference, examine };

function examine(text: string): string {
  const started = performance.now();
  const result = parseImageReference(text);
  if (performance.now() - started > SLOW_MS) checkFast(text);
  equal(result.original, text);
  if (result.kind === 'image') {
    checkImage(result);
    return 'accepted';
  }
  match(result.code, /^(?:INVALID_REFERENCE|AMBIGUOUS_REFERENCE|UNSUPPORTED_DIGEST)$/);
  // At most two quoted parts, each of 64 characters. An escaped character takes up to six characters.
  match(inEnglish(result.reason), /^[\x20-\x7e]{10,900}$/);
  match(inEnglish(result.remedy), /^[\x20-\x7e]{8,200}$/);
  return result.code;
}

function checkImage(image: ImageReference): void {
  const { registry, repository, tag, digest } = image;
  const rendered = `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
  deepEqual(parseImageReference(rendered), { ...image, original: rendered, fullyQualified: true });
  deepEqual(UPSTREAM.exec(rendered)?.slice(1), [registry, repository, tag, digest]);
  ok(registry.length + 1 + repository.length <= 255);

  const canonical = canonicalName(image);
  const again = parseImageReference(canonical);
  ok(again.kind === 'image', `${canonical} is refused`);
  equal(canonicalName(again), canonical);
  equal(effectiveTag(again), effectiveTag(image));

  // The URL of a registry client must have the host that was reviewed. A URL may be refused, because some xn-- labels
  // are invalid.
  const url = URL.parse(`https://${registry}/v2/${repository}/manifests/${tag ?? 'latest'}`);
  if (url === null) ok(registry.includes('xn--'), `no URL can be made of ${registry}`);
  else
    deepEqual(
      [url.host, url.pathname],
      [registry.replace(/:443$/, ''), `/v2/${repository}/manifests/${tag ?? 'latest'}`],
    );
}

/** The machine may pause. Therefore a text counts as slow only if it is slow every time. */
function checkFast(text: string): void {
  const times = Array.from({ length: 5 }, () => {
    const started = performance.now();
    parseImageReference(text);
    return performance.now() - started;
  });
  ok(Math.min(...times) < SLOW_MS, `${text.length} characters take ${Math.min(...times)} ms`);
}
