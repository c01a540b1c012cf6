import assert from 'node:assert/strict';
import test from 'node:test';
import { inEnglish } from '../language/catalogue.ts';

import type { ReferenceErrorCode } from './fault.ts';
import { registryFault, transportFault } from './host.ts';

test('a host name, an address and a port are accepted', () => {
  for (const host of [
    'docker.io',
    'localhost',
    'a',
    'registry.example.com',
    'xn--bcher-kva.example',
    'a--b.c',
    '0a.io',
    '1password.com',
    '127.0.0.1',
    '255.255.255.255',
    '[::1]',
    '[fd00::1]',
    '[::ffff:0:7f00:1]',
    '[1::2:3:4]',
  ]) {
    for (const port of ['', ':1', ':443', ':5000', ':65535'])
      assert.equal(registryFault(host + port), undefined, host + port);
  }
});

test('B04 an upper-case host is ambiguous, because DNS ignores case and policies do not', () => {
  for (const host of ['DOCKER.IO', 'Registry.Example.COM', 'docker.iO']) {
    refuses(host, 'AMBIGUOUS_REFERENCE', `registry host "${host}" has an upper-case letter`);
  }
  refuses('Host:5000', 'AMBIGUOUS_REFERENCE', 'registry host "Host" has an upper-case letter');
});

test('B08 a port is a number from 1 to 65535 without leading zeros', () => {
  refuses('registry.example.com:0443', 'AMBIGUOUS_REFERENCE', 'port "0443" has a leading zero');
  refuses('registry.example.com:00', 'AMBIGUOUS_REFERENCE', 'port "00" has a leading zero');
  refuses('registry.example.com:65536', 'INVALID_REFERENCE', 'port "65536" is out of range');
  refuses('registry.example.com:99999', 'INVALID_REFERENCE', 'port "99999" is out of range');
  refuses('registry.example.com:0', 'INVALID_REFERENCE', 'port "0" is out of range');
  refuses('registry.example.com:', 'INVALID_REFERENCE', 'the port of the registry is empty');
  for (const port of ['http', '1x', 'x1', '1x1'])
    refuses(`registry.example.com:${port}`, 'INVALID_REFERENCE', `port "${port}" is not a number`);
  refuses('a:1:2', 'INVALID_REFERENCE', 'registry "a:1:2" has more than one ":"');
});

test('B09 a dot at the end of a host and any other empty label are refused', () => {
  for (const host of ['registry.example.com.', '.docker.io', 'a..b', '..']) {
    refuses(host, 'INVALID_REFERENCE', `registry host "${host}" has an empty label`);
  }
  refuses('-a.io', 'INVALID_REFERENCE', 'a label of registry host "-a.io" begins or ends with "-"');
  refuses('a-.io', 'INVALID_REFERENCE', 'a label of registry host "a-.io" begins or ends with "-"');
  refuses('a_b.io:5000', 'INVALID_REFERENCE', 'registry host "a_b.io" has the character "_"');
  refuses('a_b.io.', 'INVALID_REFERENCE', 'registry host "a_b.io." has the character "_"');
  refuses(':5000', 'INVALID_REFERENCE', 'the registry has no host');
});

test('B12 a host that ends in a number is refused, except a canonical IPv4 address', () => {
  for (const host of [
    '127.1',
    '1.1',
    '0177.0.0.1',
    '256.1.1.1',
    '1.2.3.4.5',
    'a.0x7f',
    'a.0x',
    'a.1',
    '1.2.3.04',
    '2130706433',
    '0x7f000001',
  ]) {
    const reason = `registry host "${host}" ends in a number and is no dotted IPv4 address`;
    refuses(host, 'AMBIGUOUS_REFERENCE', reason);
    refuses(`${host}:5000`, 'AMBIGUOUS_REFERENCE', reason);
  }
});

test('B13 an IPv6 host is in brackets and has its canonical spelling', () => {
  for (const address of ['0::1', 'FD00::1', '0:0:0:0:0:0:0:1', 'fd00::0001']) {
    const { remedy } = refuses(
      `[${address}]`,
      'AMBIGUOUS_REFERENCE',
      `the IPv6 address "[${address}]" is not in its canonical spelling`,
    );
    assert.match(remedy, /^write \[(?:fd00)?::1\]$/);
  }
  refuses('[::ffff:7f00:1]', 'AMBIGUOUS_REFERENCE', '"[::ffff:7f00:1]" is an IPv4-mapped IPv6 address');
  refuses('[:::]', 'INVALID_REFERENCE', '"[:::]" is not an IPv6 address');
  refuses('[]:1', 'INVALID_REFERENCE', '"[]" is not an IPv6 address');
  refuses('[::1]5000', 'INVALID_REFERENCE', 'registry "[::1]5000" is not an IPv6 address in brackets');
  refuses('[[::1]', 'INVALID_REFERENCE', 'registry "[[::1]" is not an IPv6 address in brackets');
  refuses('[::1', 'INVALID_REFERENCE', 'registry "[::1" is not an IPv6 address in brackets');
  refuses('[::1]:0', 'INVALID_REFERENCE', 'port "0" is out of range');
  refuses('::1', 'INVALID_REFERENCE', 'registry "::1" is an IPv6 address without brackets');
  refuses('fd00::1', 'INVALID_REFERENCE', 'registry "fd00::1" is an IPv6 address without brackets');
});

function refuses(registry: string, code: ReferenceErrorCode, reason: string): { readonly remedy: string } {
  const fault = registryFault(registry);
  assert.ok(fault !== undefined, `${registry} is read`);
  assert.deepEqual([fault.code, inEnglish(fault.reason)], [code, reason]);
  return { remedy: inEnglish(fault.remedy) };
}

test('B27 each transport of containers/image is ambiguous', () => {
  for (const word of [
    'atomic',
    'containers-storage',
    'dir',
    'docker-archive',
    'docker-daemon',
    'oci',
    'oci-archive',
    'ostree',
    'sif',
    'tarball',
  ]) {
    const fault = transportFault(word);
    assert.equal(fault?.code, 'AMBIGUOUS_REFERENCE', word);
    assert.equal(
      inEnglish(fault.reason),
      `some programs read "${word}:" as a transport, others as a name or a host`,
    );
  }
});

test('B27 a name that only contains the word of a transport is accepted', () => {
  for (const word of ['', 'docker', 'ocis', 'xoci', 'dirs', 'adir', 'oci.io', 'tarballs', 'my-tarball'])
    assert.equal(transportFault(word), undefined, word);
});
