import { ambiguous, type Fault, invalid, quoted } from './fault.ts';
import { COMPONENT, HOST, IPV4, PORT, PORT_MAX } from './grammar.ts';
import { canonicalIPv6 } from './ipv6.ts';
import { transportFault } from './transport.ts';

// The "ends in a number" check of https://url.spec.whatwg.org/#ends-in-a-number-checker, for lower case.
const NUMBER_LABEL = /^(?:[0-9]+|0x[0-9a-f]*)$/;
const UPPER_CASE = /[A-Z]/;
const NOT_IN_HOST = /[^a-z0-9.-]/;
const BRACKETED = /^\[([0-9a-fA-F:]*)\](?::(.*))?$/;

/** What is wrong with a registry, a host with or without a port; `undefined` when nothing is. */
export function registryFault(registry: string): Fault | undefined {
  if (registry.startsWith('[')) return bracketedFault(registry);
  const colon = registry.indexOf(':');
  if (colon !== -1 && registry.includes(':', colon + 1)) return colonsFault(registry);
  const host = colon === -1 ? registry : registry.slice(0, colon);
  if (!HOST.test(host)) return hostFault(host, registry);
  if (isNumberForm(host) && !IPV4.test(host)) {
    // URL and inet_aton read 127.1, 0177.0.0.1, 0x7f000001 and 2130706433 as 127.0.0.1: B12.
    return ambiguous(
      `registry host ${quoted(host)} ends in a number and is no dotted IPv4 address`,
      'write the address as four decimal numbers, or a host name',
    );
  }
  return colon === -1 ? undefined : (transportFault(host) ?? portFault(registry.slice(colon + 1)));
}

/** Whether URL would read the host as an IPv4 address: its last label is a decimal, octal or hexadecimal number. */
export function isNumberForm(host: string): boolean {
  const start = host.lastIndexOf('.') + 1;
  const first = host.charCodeAt(start);
  return first >= 0x30 && first <= 0x39 && NUMBER_LABEL.test(host.slice(start));
}

function bracketedFault(registry: string): Fault | undefined {
  const [, address, port] = BRACKETED.exec(registry) ?? [];
  if (address === undefined) {
    return invalid(
      `registry ${quoted(registry)} is no IPv6 address in brackets`,
      'write it like [fd00::1]:5000',
    );
  }
  const canonical = canonicalIPv6(address);
  if (canonical === undefined) {
    return invalid(`${quoted(`[${address}]`)} is no IPv6 address`, 'correct the address');
  }
  if (canonical !== address) {
    return ambiguous(
      `the IPv6 address ${quoted(`[${address}]`)} is not in its canonical spelling`,
      `write [${canonical}]`,
    );
  }
  if (address.startsWith('::ffff:') && address.split(':').length === 5) {
    // ::ffff:0:0/96 is a second name of every IPv4 address; RFC 5952 spells it with dots, which the grammar lacks.
    return ambiguous(
      `${quoted(`[${address}]`)} is an IPv4 address in IPv6 clothes`,
      'write the IPv4 address',
    );
  }
  return port === undefined ? undefined : portFault(port);
}

function colonsFault(registry: string): Fault {
  return canonicalIPv6(registry) !== undefined
    ? invalid(`registry ${quoted(registry)} is an IPv6 address without brackets`, 'write it in brackets')
    : invalid(
        `registry ${quoted(registry)} has more than one ":"`,
        'write the registry as host or host:port',
      );
}

function hostFault(host: string, registry: string): Fault {
  if (UPPER_CASE.test(host)) return upperCaseFault(host, registry);
  if (host === '') return invalid('the registry has no host', 'write the registry as host or host:port');
  const offset = host.search(NOT_IN_HOST);
  if (offset !== -1) {
    // Not a host to distribution, which then takes it for a namespace of a reference without any registry.
    if (COMPONENT.test(registry)) return namespaceFault(registry);
    return invalid(
      `registry host ${quoted(host)} has the character ${quoted(host.charAt(offset))}`,
      'use letters, digits, "-" and "." only',
    );
  }
  if (host.split('.').includes('')) {
    return invalid(
      `registry host ${quoted(host)} has an empty label`,
      'remove the dot that begins, ends or doubles another',
    );
  }
  return invalid(`a label of registry host ${quoted(host)} begins or ends with "-"`, 'correct the host');
}

function namespaceFault(component: string): Fault {
  return ambiguous(
    `first component ${quoted(component)} is a host with "_" to some and a namespace to others`,
    'correct the host, or write docker.io/ before it',
  );
}

function upperCaseFault(host: string, registry: string): Fault {
  // docker 1.20 reads "Foo/bar" as a namespace, distribution as a host; DNS folds what policies compare: B04, B05.
  return /[.:]/.test(registry)
    ? ambiguous(`registry host ${quoted(host)} has an upper-case letter`, 'write the registry in lower case')
    : ambiguous(
        `first component ${quoted(host)} has an upper-case letter, a host to some and a namespace to others`,
        'write the registry, and all of it in lower case',
      );
}

function portFault(port: string): Fault | undefined {
  if (PORT.test(port) && Number(port) <= PORT_MAX) return undefined;
  if (port === '')
    return invalid('the port of the registry is empty', 'write a port after ":" or remove the ":"');
  if (!/^[0-9]+$/.test(port))
    return invalid(`port ${quoted(port)} is not a number`, 'write a port from 1 to 65535');
  return port.startsWith('0') && port.length > 1
    ? ambiguous(`port ${quoted(port)} has a leading zero`, 'write the port without leading zeros')
    : invalid(`port ${quoted(port)} is out of range`, 'write a port from 1 to 65535');
}
