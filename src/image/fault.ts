/** Stable codes of a text that is not read as an image. docs/errors.md lists them with their remedies. */
export type ReferenceErrorCode = 'INVALID_REFERENCE' | 'AMBIGUOUS_REFERENCE' | 'UNSUPPORTED_DIGEST';

/** What is wrong with a part of a reference, before it is known which text the part came from. */
export interface Fault {
  readonly kind: 'fault';
  readonly code: ReferenceErrorCode;
  /** A clause in lower case. Hostile text stands in it through `quoted` only. */
  readonly reason: string;
  /** A clause in the imperative. */
  readonly remedy: string;
}

/** The grammar has no such text, or no registry can have such an image. */
export function invalid(reason: string, remedy: string): Fault {
  return { kind: 'fault', code: 'INVALID_REFERENCE', reason, remedy };
}

/** The grammar has such a text, but another parser on the way to the kubelet reads another image in it. */
export function ambiguous(reason: string, remedy: string): Fault {
  return { kind: 'fault', code: 'AMBIGUOUS_REFERENCE', reason, remedy };
}

const QUOTED_MAX = 64;

/**
 * The text as a JSON string in ASCII, its first 64 characters at most: fit for a log line, a terminal and an
 * HTTP warning header, whatever it holds.
 */
export function quoted(text: string): string {
  const shown = JSON.stringify(text.slice(0, QUOTED_MAX)).replaceAll(/[\u007f-\uffff]/g, escapeCodeUnit);
  return text.length > QUOTED_MAX ? `${shown}...` : shown;
}

function escapeCodeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
