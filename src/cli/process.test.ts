import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitConnections, readDescriptorLimit } from './process.ts';

describe('file descriptors', () => {
  it('R17 the gate accepts as many connections as it has descriptors, without the descriptors that it needs itself', () => {
    assert.equal(fitConnections(4096, undefined), 4096);
    assert.equal(fitConnections(4096, 1_048_576), 4096);
    assert.equal(fitConnections(4096, 1024), 984);
    assert.equal(fitConnections(4096, 64), 24);
    assert.equal(fitConnections(4096, 20), 8);
  });

  it('are counted where the system reports them', () => {
    const limit = readDescriptorLimit();
    assert.equal(limit === undefined, process.platform !== 'linux');
    assert.ok((limit ?? Infinity) >= 64);
  });
});
