import assert from 'node:assert/strict';
import test from 'node:test';
import { inEnglish } from '../language/catalogue.ts';

import { transportFault } from './transport.ts';

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
    assert.equal(inEnglish(fault.reason), `"${word}:" is a transport to some and a name or a host to others`);
  }
});

test('B27 a name that only holds the word of a transport is a name', () => {
  for (const word of ['', 'docker', 'ocis', 'xoci', 'dirs', 'adir', 'oci.io', 'tarballs', 'my-tarball'])
    assert.equal(transportFault(word), undefined, word);
});
