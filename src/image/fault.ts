import { objection, type Objection, type ObjectionKey, type ObjectionValues } from '../language/objection.ts';
import { escapeUnits } from '../language/one-line.ts';
import type { Shown } from '../language/phrase.ts';

/** Stable codes of a text that is not read as an image. docs/errors.md lists them with their remedies. */
export type ReferenceErrorCode = 'INVALID_REFERENCE' | 'AMBIGUOUS_REFERENCE' | 'UNSUPPORTED_DIGEST';

/**
 * What is wrong with a part of a reference, before it is known which text the part came from. `INVALID_REFERENCE`: the
 * grammar has no such text, or no registry can have such an image. `AMBIGUOUS_REFERENCE`: the grammar has it, but
 * another parser on the way to the kubelet reads another image in it.
 */
export interface Fault extends Objection<ReferenceErrorCode> {
  readonly kind: 'fault';
}

type FaultKey = Extract<ObjectionKey, `${ReferenceErrorCode}.${string}`>;

/** The fault of a key. Hostile text stands in its gaps through `quoted` only. */
export function fault<Key extends FaultKey>(key: Key, ...values: ObjectionValues<Key>): Fault {
  const { code, reason, remedy } = objection(key, ...values);
  return { kind: 'fault', code, reason, remedy };
}

const QUOTED_MAX = 64;

/**
 * The text as a JSON string in ASCII, its first 64 characters at most: fit for a log line, a terminal and an
 * HTTP warning header, whatever it holds.
 */
export function quoted(text: string): Shown {
  const shown = JSON.stringify(text.slice(0, QUOTED_MAX)).replaceAll(/[\u007f-\uffff]/g, escapeUnits);
  return (text.length > QUOTED_MAX ? `${shown}...` : shown) as Shown;
}
