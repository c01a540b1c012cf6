import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { type ImageReference, parseImageReference } from '../../src/image/reference.ts';
import { compare, compareRendered, rendered } from './comparison.ts';
import type { GoAnswer, GoImage } from './go-readers.ts';

const SHA256 = `sha256:${'0123456789abcdef'.repeat(4)}`;

const NGINX: GoImage = {
  registry: 'docker.io',
  repository: 'library/nginx',
  tag: '',
  digest: '',
  pulled: 'docker.io/library/nginx:latest',
};
const AS_NGINX: GoAnswer = { runtime: NGINX, kubelet: NGINX, registryClient: { ...NGINX, tag: 'latest' } };
const REFUSED: GoAnswer = { runtime: null, kubelet: null, registryClient: null };

describe('a text that our parser accepts', () => {
  test('is accepted when all three read the same image', () => {
    assert.equal(compare(parseImageReference('nginx'), AS_NGINX), 'accepted');
  });

  for (const field of ['registry', 'repository', 'tag', 'digest', 'pulled'] as const) {
    for (const reader of ['runtime', 'kubelet', 'registryClient'] as const) {
      test(`is reported if the ${reader} reads another ${field}`, () => {
        const answer = { ...AS_NGINX, [reader]: { ...AS_NGINX[reader], [field]: 'other' } };
        assert.throws(() => compare(parseImageReference('nginx'), answer), /reads it differently/);
      });
    }
  }

  for (const reader of ['runtime', 'kubelet', 'registryClient'] as const) {
    test(`is reported if the ${reader} refuses it`, () => {
      assert.throws(
        () => compare(parseImageReference('nginx'), { ...AS_NGINX, [reader]: null }),
        /reads it differently/,
      );
    });
  }

  test('may have an IPv6 host, which the oldest kubelet refuses', () => {
    const image: GoImage = {
      registry: '[::1]',
      repository: 'x',
      tag: 'v1',
      digest: '',
      pulled: '[::1]/x:v1',
    };
    const read = parseImageReference('[::1]/x:v1');
    assert.equal(compare(read, { runtime: image, kubelet: null, registryClient: image }), 'accepted');
    assert.throws(
      () => compare(read, { runtime: image, kubelet: { ...image, tag: 'v2' }, registryClient: image }),
      /docker\/distribution/,
    );
  });
});

describe('a text that our parser refuses', () => {
  test('counts as refused if distribution refuses it as well', () => {
    assert.equal(compare(parseImageReference('Nginx'), REFUSED), 'refused');
  });

  test('is counted by its documented name if distribution accepts it', () => {
    assert.equal(
      compare(parseImageReference('DOCKER.IO/x'), AS_NGINX),
      'AMBIGUOUS_REFERENCE.host-upper-case',
    );
  });

  test('is reported if distribution accepts it and docs/image-references.md does not list the reason', () => {
    assert.throws(
      () => compare(parseImageReference('Nginx'), AS_NGINX),
      /for no documented reason: INVALID_REFERENCE\.component-upper-case/,
    );
  });
});

describe('B30 what we render', () => {
  test('is the canonical name, and the name with its tag and digest as written', () => {
    assert.deepEqual(rendered(image('nginx')), ['docker.io/library/nginx:latest', 'docker.io/library/nginx']);
    assert.deepEqual(rendered(image(`nginx:v1@${SHA256}`)), [`docker.io/library/nginx:v1@${SHA256}`]);
  });

  test('is reported if Go reads another image in it', () => {
    const named = { ...NGINX, tag: 'latest' };
    const answer: GoAnswer = { runtime: named, kubelet: named, registryClient: named };
    compareRendered(image('nginx'), 'docker.io/library/nginx:latest', answer);
    compareRendered(image('nginx'), 'docker.io/library/nginx', AS_NGINX);
    assert.throws(
      () => compareRendered(image('nginx'), 'docker.io/library/nginx', answer),
      /reads it differently/,
    );
    assert.throws(
      () => compareRendered(image('nginx:v1'), 'docker.io/library/nginx:v1', answer),
      /is pulled as another image/,
    );
  });
});

function image(text: string): ImageReference {
  const read = parseImageReference(text);
  assert.ok(read.kind === 'image');
  return read;
}
