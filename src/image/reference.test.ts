import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inEnglish } from '../language/catalogue.ts';

import { canonicalName, effectiveTag, type ImageReference, parseImageReference } from './reference.ts';

const SHA256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
const SHA512 = `sha512:${'0123456789abcdef'.repeat(8)}`;
const NGINX = 'docker.io/library/nginx:latest';

describe('names that are accepted', () => {
  test('B01 a name alone is an official image of Docker Hub with the tag latest', () => {
    assert.deepEqual(parseImageReference('nginx'), {
      kind: 'image',
      original: 'nginx',
      registry: 'docker.io',
      repository: 'library/nginx',
      tag: undefined,
      digest: undefined,
      fullyQualified: false,
    });
    assert.equal(canonical('nginx'), NGINX);
  });

  test('B02 all spellings of a Docker Hub image that are equal for the grammar have one canonical name', () => {
    for (const text of [
      'library/nginx',
      'docker.io/nginx',
      'docker.io/library/nginx',
      'index.docker.io/nginx',
      'index.docker.io/library/nginx:latest',
    ]) {
      assert.equal(canonical(text), NGINX, text);
    }
    assert.equal(canonical('team/app'), 'docker.io/team/app:latest');
  });

  test('B03 the other hosts of Docker Hub keep their names, because patterns compare them', () => {
    assert.equal(image('registry-1.docker.io/library/nginx').registry, 'registry-1.docker.io');
    assert.equal(image('registry.hub.docker.com/nginx').repository, 'nginx');
    assert.equal(image('index.docker.io:443/nginx').registry, 'index.docker.io:443');
  });

  test('B08 port 443 is kept, because patterns treat it as the default', () => {
    assert.equal(image('registry.example.com:443/app').registry, 'registry.example.com:443');
  });

  test('B06 localhost is a host, with and without a port', () => {
    assert.equal(canonical('localhost/app'), 'localhost/app:latest');
    assert.equal(canonical('localhost:5000/app'), 'localhost:5000/app:latest');
    assert.equal(canonical('localhost'), 'docker.io/library/localhost:latest');
  });

  test('B07 a colon before a slash begins a port, a colon after the last slash begins a tag', () => {
    assert.equal(canonical('host:5000/x'), 'host:5000/x:latest');
    assert.equal(canonical('host:5000'), 'docker.io/library/host:5000');
    assert.equal(canonical('app:5000'), 'docker.io/library/app:5000');
    assert.equal(canonical('host:5000/x:5000'), 'host:5000/x:5000');
  });

  test('B16 tag and digest are both kept, and the tag is not effective', () => {
    const both = image(`repo:v1@${SHA256}`);
    assert.deepEqual([both.tag, both.digest], ['v1', SHA256]);
    assert.equal(effectiveTag(both), undefined);
    assert.equal(canonicalName(both), `docker.io/library/repo:v1@${SHA256}`);
    assert.equal(canonical(`repo@${SHA256}`), `docker.io/library/repo@${SHA256}`);
  });

  test('B28 the tag is case sensitive, and latest by default', () => {
    assert.deepEqual(
      ['nginx:latest', 'nginx', 'nginx:LATEST'].map((text) => effectiveTag(image(text))),
      ['latest', 'latest', 'LATEST'],
    );
  });

  test('B29 a short name is not fully qualified', () => {
    for (const text of ['app', 'team/app', 'app:v1', `app@${SHA256}`])
      assert.equal(image(text).fullyQualified, false, text);
    for (const text of [
      'docker.io/app',
      'index.docker.io/app',
      'localhost/app',
      'host:5000/app',
      '[::1]/app',
    ]) {
      assert.equal(image(text).fullyQualified, true, text);
    }
  });

  test('B30 the canonical name of a canonical name is the same', () => {
    for (const text of [
      'nginx',
      'localhost/a',
      '[fd00::1]:5000/a/b:c',
      `ghcr.io/a__b/c--d:x@${SHA512}`,
      'xn--bcher-kva.example/a.b_c',
    ]) {
      assert.equal(canonical(canonical(text)), canonical(text));
    }
  });
});

function image(text: string): ImageReference {
  const result = parseImageReference(text);
  assert.ok(result.kind === 'image', `${text}: ${result.kind === 'invalid' ? inEnglish(result.reason) : ''}`);
  assert.equal(result.original, text);
  return result;
}

function canonical(text: string): string {
  return canonicalName(image(text));
}
