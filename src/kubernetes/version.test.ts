import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAtLeast, parseKubernetesVersion } from './version.ts';

describe('a Kubernetes version', () => {
  it('is read in the formats of the API server, of vendors and of users', () => {
    for (const [text, major, minor] of [
      ['v1.24.17', 1, 24],
      ['1.37', 1, 37],
      ['v1.29.3-gke.1093000', 1, 29],
      ['v1.30.0+k3s1', 1, 30],
    ] as const) {
      assert.deepEqual(parseKubernetesVersion(text), { major, minor, text });
    }
  });

  it('is undefined for similar texts', () => {
    for (const text of ['', 'v1', '1.', 'latest', 'v1.24x', '1.1000', ' 1.24']) {
      assert.equal(parseKubernetesVersion(text), undefined, text);
    }
  });

  it('is compared by numbers, not as text', () => {
    const version = { major: 1, minor: 9, text: '1.9' };
    assert.equal(isAtLeast(version, 1, 24), false);
    assert.equal(isAtLeast(version, 1, 9), true);
    assert.equal(isAtLeast(version, 1, 8), true);
    assert.equal(isAtLeast({ major: 2, minor: 0, text: '2.0' }, 1, 24), true);
  });
});
