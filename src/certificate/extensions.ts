import type { X509Certificate } from 'node:crypto';

/** What the extensions of a certificate say about its use (RFC 5280 §4.2.1). */
export interface UseExtensions {
  /** X.509 version 1 has no extensions. */
  readonly version: number;
  /** `cA` of the basic constraints; `undefined` without this extension. */
  readonly isAuthority: boolean | undefined;
  /** Names of the bits of the key usage; `undefined` without this extension, which allows every use. */
  readonly keyUsage: readonly string[] | undefined;
  /** Object identifiers of the extended key usage; `undefined` without this extension, which allows every use. */
  readonly extendedKeyUsage: readonly string[] | undefined;
}

/** By their bits (RFC 5280 §4.2.1.3). */
const KEY_USAGES = [
  'digital signature',
  'content commitment',
  'key encipherment',
  'data encipherment',
  'key agreement',
  'certificate sign',
  'CRL sign',
  'encipher only',
  'decipher only',
];

/** Tags of DER. */
const [BOOLEAN, BIT_STRING, OBJECT_IDENTIFIER, SEQUENCE, VERSION, EXTENSIONS] = [1, 3, 6, 0x30, 0xa0, 0xa3];
/** Object identifiers as their bytes. */
const [KEY_USAGE, BASIC_CONSTRAINTS] = ['551d0f', '551d13'];

/**
 * Reads the extensions that limit the use of a certificate; `undefined` if its encoding is not DER. Node shows neither the
 * key usage nor the basic constraints. A library for this takes longer to load than the gate takes to start.
 */
export function readUseExtensions(certificate: X509Certificate): UseExtensions | undefined {
  try {
    return decodeUse(certificate);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function decodeUse({ raw, keyUsage: extendedKeyUsage }: X509Certificate): UseExtensions {
  const fields = childrenOf(first(childrenOf(first(childrenOf(raw), SEQUENCE)), SEQUENCE));
  const list = fields.find(({ tag }) => tag === EXTENSIONS);
  const values = new Map<string, Buffer>();
  for (const { content } of list === undefined ? [] : childrenOf(first(childrenOf(list.content), SEQUENCE))) {
    const parts = childrenOf(content);
    // The last part is the value. Between the two can be the mark for a critical extension.
    const value = parts.at(-1)?.content;
    if (value !== undefined) values.set(first(parts, OBJECT_IDENTIFIER).toString('hex'), value);
  }
  const [constraints, usage] = [values.get(BASIC_CONSTRAINTS ?? ''), values.get(KEY_USAGE ?? '')];
  return {
    // The field counts from 0, and is missing in version 1.
    version: (fields.find(({ tag }) => tag === VERSION)?.content.at(-1) ?? 0) + 1,
    isAuthority: constraints && isTrue(childrenOf(first(childrenOf(constraints), SEQUENCE))[0]),
    keyUsage: usage && bitsOf(first(childrenOf(usage), BIT_STRING)),
    // Node's name for the extended key usage is `keyUsage`.
    extendedKeyUsage: extendedKeyUsage,
  };
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** The elements of a DER text, one after the other. @throws {RangeError} if a length is indefinite or too large */
function childrenOf(der: Buffer): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < der.length;) {
    const tag = der.readUInt8(at);
    const short = der.readUInt8(at + 1);
    // 0x80 is the indefinite length of BER. `readUIntBE` throws for 0 bytes.
    const lengthBytes = short < 0x80 ? 0 : short - 0x80;
    const length = short < 0x80 ? short : der.readUIntBE(at + 2, lengthBytes);
    const start = at + 2 + lengthBytes;
    if (start + length > der.length) throw new RangeError('an element is longer than its text');
    elements.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

function first(elements: readonly Element[], tag = SEQUENCE): Buffer {
  const [element] = elements;
  if (element?.tag !== tag) throw new RangeError('another element is expected');
  return element.content;
}

function isTrue(element: Element | undefined): boolean {
  return element?.tag === BOOLEAN && element.content.some((byte) => byte !== 0);
}

/** The first byte is the number of unused bits, which are 0. */
function bitsOf(bits: Buffer): readonly string[] {
  return KEY_USAGES.filter((_, index) => ((bits[1 + (index >> 3)] ?? 0) & (0x80 >> (index & 7))) !== 0);
}
