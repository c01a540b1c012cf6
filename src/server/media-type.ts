import { MalformedReviewError } from '../admission/exchange.ts';
import { phrase } from '../language/phrase.ts';

// A parameter other than the charset changes nothing (RFC 8259 §11), but nobody has a reason to send one.
const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;

/** What is wrong with the form of a body: it must be JSON in UTF-8, and not compressed. */
export function findMediaTypeError(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): MalformedReviewError | undefined {
  // Nobody who calls us compresses, and a small body may hold a large one.
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity') {
    return new MalformedReviewError('UNSUPPORTED_MEDIA_TYPE', phrase('UNSUPPORTED_MEDIA_TYPE.compressed'));
  }
  // The usual text, first: the expression costs more than the comparison.
  if (contentType === 'application/json' || (contentType !== undefined && JSON_TYPE.test(contentType)))
    return undefined;
  return new MalformedReviewError('UNSUPPORTED_MEDIA_TYPE', phrase('UNSUPPORTED_MEDIA_TYPE.other'));
}
