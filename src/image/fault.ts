import { objection, type Objection, type ObjectionKey, type ObjectionValues } from '../language/objection.ts';
import { escapeUnits } from '../language/one-line.ts';
import type { Shown } from '../language/phrase.ts';

/** Stable codes for a text that is refused as an image reference. docs/errors.md lists them with their remedies. */
export type ReferenceErrorCode = 'INVALID_REFERENCE' | 'AMBIGUOUS_REFERENCE' | 'UNSUPPORTED_DIGEST';

/**
 * The fault of a part of a reference. It does not repeat the whole reference. `INVALID_REFERENCE`: the grammar does not
 * accept the text, or no registry can have such an image. `AMBIGUOUS_REFERENCE`: the grammar accepts it, but another
 * parser on the way to the kubelet reads it as another image.
 */
export interface Fault extends Objection<ReferenceErrorCode> {
  readonly kind: 'fault';
}

type FaultKey = Extract<ObjectionKey, `${ReferenceErrorCode}.${string}`>;

/** The fault with this key. Text from an object may fill its gaps only after `quoted`. */
export function fault<Key extends FaultKey>(key: Key, ...values: ObjectionValues<Key>): Fault {
  const { code, reason, remedy } = objection(key, ...values);
  return { kind: 'fault', code, reason, remedy };
}

const QUOTED_MAX = 64;

/**
 * At most the first 64 characters of a text, as a JSON string in ASCII. The result is safe in a log line, a terminal and
 * an HTTP warning header.
 */
export function quoted(text: string): Shown {
  const shown = JSON.stringify(text.slice(0, QUOTED_MAX)).replaceAll(/[\u007f-\uffff]/g, escapeUnits);
  return (text.length > QUOTED_MAX ? `${shown}...` : shown) as Shown;
}
