import { fault, type Fault, quoted } from './fault.ts';
import { quote } from './quote.ts';
import { COMPONENT, HOST, IPV4, PORT, PORT_MAX } from './grammar.ts';
import { canonicalIPv6 } from './ipv6.ts';

// The "ends in a number" check of https://url.spec.whatwg.org/#ends-in-a-number-checker, for lower case.
const NUMBER_LABEL = /^(?:[0-9]+|0x[0-9a-f]*)$/;
const UPPER_CASE = /[A-Z]/;
const NOT_IN_HOST = /[^a-z0-9.-]/;
const BRACKETED = /^\[([0-9a-fA-F:]*)\](?::(.*))?$/;

/** The fault of a registry (a host with or without a port); `undefined` if it has no fault. */
export function registryFault(registry: string): Fault | undefined {
  if (registry.startsWith('[')) return bracketedFault(registry);
  const colon = registry.indexOf(':');
  if (colon !== -1 && registry.includes(':', colon + 1)) return colonsFault(registry);
  const host = colon === -1 ? registry : registry.slice(0, colon);
  if (!HOST.test(host)) return hostFault(host, registry);
  if (isNumberForm(host) && !IPV4.test(host)) {
    // URL and inet_aton read these as 127.0.0.1: 127.1, 0177.0.0.1, 0x7f000001 and 2130706433 (B12).
    return fault('AMBIGUOUS_REFERENCE.host-number', { host: quoted(host) });
  }
  return colon === -1 ? undefined : (transportFault(host) ?? portFault(registry.slice(colon + 1)));
}

/** Whether URL would read the host as an IPv4 address, because its last label is a decimal, octal or hexadecimal number. */
export function isNumberForm(host: string): boolean {
  const start = host.lastIndexOf('.') + 1;
  const first = host.charCodeAt(start);
  return first >= 0x30 && first <= 0x39 && NUMBER_LABEL.test(host.slice(start));
}

function bracketedFault(registry: string): Fault | undefined {
  const [, text, port] = BRACKETED.exec(registry) ?? [];
  if (text === undefined) return fault('INVALID_REFERENCE.no-ipv6', { registry: quoted(registry) });
  const canonical = canonicalIPv6(text);
  const address = quoted(`[${text}]`);
  if (canonical === undefined) return fault('INVALID_REFERENCE.ipv6', { address });
  if (canonical !== text)
    return fault('AMBIGUOUS_REFERENCE.ipv6-spelling', { address, canonical: quote(canonical) });
  // ::ffff:0:0/96 is a second name of each IPv4 address. RFC 5952 writes it with dots, which the grammar does not accept.
  if (text.startsWith('::ffff:') && text.split(':').length === 5)
    return fault('AMBIGUOUS_REFERENCE.ipv4-in-ipv6', { address });
  return port === undefined ? undefined : portFault(port);
}

function colonsFault(text: string): Fault {
  const registry = quoted(text);
  return canonicalIPv6(text) === undefined
    ? fault('INVALID_REFERENCE.colons', { registry })
    : fault('INVALID_REFERENCE.ipv6-without-brackets', { registry });
}

function hostFault(text: string, registry: string): Fault {
  if (UPPER_CASE.test(text)) return upperCaseFault(text, registry);
  if (text === '') return fault('INVALID_REFERENCE.no-host');
  const host = quoted(text);
  const offset = text.search(NOT_IN_HOST);
  if (offset !== -1) {
    // For distribution this is not a host but a namespace, in a reference without a registry.
    if (COMPONENT.test(registry))
      return fault('AMBIGUOUS_REFERENCE.host-underscore', { component: quoted(registry) });
    return fault('INVALID_REFERENCE.host-character', { host, character: quoted(text.charAt(offset)) });
  }
  if (text.split('.').includes('')) return fault('INVALID_REFERENCE.host-label', { host });
  return fault('INVALID_REFERENCE.host-hyphen', { host });
}

function upperCaseFault(host: string, registry: string): Fault {
  // In "Foo/bar", docker in Kubernetes 1.20 reads Foo as a namespace, distribution as a host. DNS ignores case, and policies compare it: B04, B05.
  return /[.:]/.test(registry)
    ? fault('AMBIGUOUS_REFERENCE.host-upper-case', { host: quoted(host) })
    : fault('AMBIGUOUS_REFERENCE.upper-case', { component: quoted(host) });
}

function portFault(text: string): Fault | undefined {
  if (PORT.test(text) && Number(text) <= PORT_MAX) return undefined;
  if (text === '') return fault('INVALID_REFERENCE.port-empty');
  const port = quoted(text);
  if (!/^[0-9]+$/.test(text)) return fault('INVALID_REFERENCE.port-number', { port });
  return text.startsWith('0') && text.length > 1
    ? fault('AMBIGUOUS_REFERENCE.port-zero', { port })
    : fault('INVALID_REFERENCE.port-range', { port });
}

// Not "docker": its transport is written "docker://", and docker:dind is a common image.
const TRANSPORT =
  /^(?:atomic|containers-storage|dir|docker-archive|docker-daemon|oci|oci-archive|ostree|sif|tarball)$/;

/**
 * The fault of a word before a colon that skopeo, podman and buildah read as a transport, which is a place to get images
 * from.
 *
 * @see https://github.com/containers/image/blob/v5.36.0/docs/containers-transports.5.md
 */
export function transportFault(word: string): Fault | undefined {
  return TRANSPORT.test(word)
    ? fault('AMBIGUOUS_REFERENCE.transport', { word: quoted(`${word}:`) })
    : undefined;
}
