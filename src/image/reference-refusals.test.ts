import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { congruential, joinedSamples, spoil } from '#test/grammar-samples.ts';
import { inEnglish } from '../language/catalogue.ts';

import {
  canonicalName,
  effectiveTag,
  type ImageReference,
  type InvalidReference,
  parseImageReference,
} from './reference.ts';

const SHA256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
const SHA512 = `sha512:${'0123456789abcdef'.repeat(8)}`;

describe('text that is refused as a whole', () => {
  test('B10 the Kelvin sign is not read as k', () => {
    refuses('doc\u212aer.io/library/x', 'INVALID_REFERENCE', 'non-ASCII character "\\u212a" at offset 3');
  });

  test('B11 look-alike and invisible characters are refused, and the reason shows their code', () => {
    refuses('docker.io/\uff44x', 'INVALID_REFERENCE', String.raw`"\uff44" is the full-width form of "d"`);
    for (const character of [
      '\u3002',
      '\u0441',
      '\ufb01',
      '\u200d',
      '\u200b',
      '\ufeff',
      '\u202e',
      '\u0131',
      '\u0085',
      '\u00e9',
    ]) {
      const escaped = `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
      refuses(
        `docker.io/${character}x`,
        'INVALID_REFERENCE',
        `non-ASCII character "${escaped}" at offset 10`,
      );
      refuses(`nginx:${character}`, 'INVALID_REFERENCE', `non-ASCII character "${escaped}" at offset 6`);
    }
  });

  test('B14 characters that have a meaning only in a URL are refused', () => {
    refuses('evil.com\\@docker.io/x', 'INVALID_REFERENCE', 'character "\\\\" at offset 8 is not allowed');
    refuses('user:pw@docker.io/x', 'INVALID_REFERENCE', '"@" comes before a "/", as in a URL with a user');
    refuses('docker.io#.evil.com/x', 'INVALID_REFERENCE', 'character "#" at offset 9 is not allowed');
    refuses('docker.io?x/y', 'INVALID_REFERENCE', 'character "?" at offset 9 is not allowed');
    refuses('docker.io%2eevil.com/x', 'INVALID_REFERENCE', 'percent sign at offset 9');
  });

  test('B25 lone surrogates are refused', () => {
    refuses('nginx\ud800', 'INVALID_REFERENCE', 'non-ASCII character "\\ud800" at offset 5');
    refuses('\udc00/nginx', 'INVALID_REFERENCE', 'non-ASCII character "\\udc00" at offset 0');
  });

  test('B26 white space and control characters are refused at any place', () => {
    for (const character of ['\t', '\r', '\n', ' ', '\v', '\f']) {
      for (const text of [
        `nginx${character}`,
        `${character}nginx`,
        `a${character}/b`,
        `nginx:v1${character}`,
        `a@${SHA256}${character}`,
        `a.io${character}/b`,
      ]) {
        refuses(
          text,
          'INVALID_REFERENCE',
          `white space (${JSON.stringify(character)}) at offset ${text.indexOf(character)}`,
        );
      }
    }
    refuses('nginx\0', 'INVALID_REFERENCE', 'control character "\\u0000" at offset 5');
    refuses('\u001b[31m', 'INVALID_REFERENCE', 'control character "\\u001b" at offset 0');
    refuses('nginx\u007f', 'INVALID_REFERENCE', 'control character "\\u007f" at offset 5');
  });

  test('B27 schemes and transports are refused', () => {
    refuses('docker://nginx', 'INVALID_REFERENCE', 'the reference begins with the scheme "docker://"');
    refuses('https://r.io/x', 'INVALID_REFERENCE', 'the reference begins with the scheme "https://"');
    refuses(
      'containerd://r.io/x',
      'INVALID_REFERENCE',
      'the reference begins with the scheme "containerd://"',
    );
    refuses('oci:nginx', 'AMBIGUOUS_REFERENCE', /^some programs read "oci:" as a transport/);
    refuses(
      'docker-daemon:nginx:latest',
      'AMBIGUOUS_REFERENCE',
      /^some programs read "docker-daemon:" as a transport/,
    );
    refuses('oci:5000/x', 'AMBIGUOUS_REFERENCE', /^some programs read "oci:" as a transport/);
    refuses('dir:x/y', 'AMBIGUOUS_REFERENCE', /^some programs read "dir:" as a transport/);
    assert.equal(canonical('docker:dind'), 'docker.io/library/docker:dind');
    for (const name of ['oci', 'ocis', 'dirs', 'dir'])
      assert.equal(canonical(name), `docker.io/library/${name}:latest`);
    assert.equal(canonical('library/oci:nginx'), 'docker.io/library/oci:nginx');
  });

  test('an empty reference is refused', () => {
    refuses('', 'INVALID_REFERENCE', 'the reference is empty');
  });
});

describe('a first component that is refused', () => {
  test('B05 an upper-case first component is ambiguous: one grammar reads a host, another a namespace', () => {
    refuses('Foo/bar', 'AMBIGUOUS_REFERENCE', /^first component "Foo" has an upper-case letter/);
    refuses('Nginx', 'INVALID_REFERENCE', 'repository component "Nginx" has an upper-case letter');
    refuses('docker.io/A/b', 'INVALID_REFERENCE', 'repository component "A" has an upper-case letter');
  });

  test('B09 a first component that looks like a host and can only be a namespace is ambiguous', () => {
    refuses('a_b.io/app', 'AMBIGUOUS_REFERENCE', /^first component "a_b.io" has "_"/);
  });

  test('B12 a number as the first component is ambiguous, and accepted after a registry', () => {
    assert.equal(
      refuses('0/x', 'AMBIGUOUS_REFERENCE', /^first component "0" is a number/).remedy,
      'write docker.io/0/x',
    );
    refuses('0x7f/x', 'AMBIGUOUS_REFERENCE', /^first component "0x7f" is a number/);
    const longest = `0/${'a'.repeat(62)}`;
    assert.equal(refuses(longest, 'AMBIGUOUS_REFERENCE', /./).remedy, `write docker.io/${longest}`);
    const { reason, remedy } = refuses(`${longest}a`, 'AMBIGUOUS_REFERENCE', /./);
    assert.equal(remedy, 'write docker.io/ before it');
    assert.match(reason, /^first component "0" is a number/);
    refuses('127.1/x', 'AMBIGUOUS_REFERENCE', /ends in a number/);
    refuses('2130706433:5000/x', 'AMBIGUOUS_REFERENCE', /ends in a number/);
    assert.equal(image('docker.io/0/x').repository, '0/x');
    assert.equal(image('0xproject/x').repository, '0xproject/x');
    assert.equal(image('1password.com/x').registry, '1password.com');
  });

  test('B13 brackets with anything but an IPv6 address are refused', () => {
    refuses('[fe80::1%25eth0]:5000/x', 'INVALID_REFERENCE', 'percent sign at offset 8');
    refuses('::1/x', 'INVALID_REFERENCE', 'registry "::1" is an IPv6 address without brackets');
    refuses('[]/x', 'INVALID_REFERENCE', 'repository component "[]" has the character "["');
    assert.equal(image('[::1]:5000/x').registry, '[::1]:5000');
  });
});

describe('a repository, a tag or a digest that is refused', () => {
  test('B15 a relative path and an empty component are refused', () => {
    refuses('r.io/a/../../admin', 'INVALID_REFERENCE', 'repository component ".." is a relative path');
    refuses('r.io/a/./b', 'INVALID_REFERENCE', 'repository component "." is a relative path');
    refuses('r.io/%2e%2e/a', 'INVALID_REFERENCE', 'percent sign at offset 5');
    for (const text of ['r.io//a', 'r.io/a//b', 'r.io/a/', '/a', 'a/', '//']) {
      refuses(text, 'INVALID_REFERENCE', /empty component$|^the reference begins with the scheme/);
    }
    refuses('r.io/', 'INVALID_REFERENCE', 'the repository is empty');
    refuses('../a', 'INVALID_REFERENCE', 'registry host ".." has an empty label');
  });

  test('B17 a sha256 digest has 64 hexadecimal digits in lower case', () => {
    refuses(
      `a@${SHA256.slice(0, -1)}`,
      'INVALID_REFERENCE',
      'the sha256 digest has 63 characters instead of 64',
    );
    refuses(`a@${SHA256}0`, 'INVALID_REFERENCE', 'the sha256 digest has 65 characters instead of 64');
    refuses(
      `a@sha256:${'A'.repeat(64)}`,
      'INVALID_REFERENCE',
      'the sha256 digest has "A", which is not a lower-case hexadecimal digit',
    );
    refuses(
      `a@sha256:${'g'.repeat(64)}`,
      'INVALID_REFERENCE',
      'the sha256 digest has "g", which is not a lower-case hexadecimal digit',
    );
    refuses('a@', 'INVALID_REFERENCE', 'the digest is empty');
    for (const digest of ['0'.repeat(64), 'sha256x', 'sha256', ':0', 'sha_:0'])
      refuses(`a@${digest}`, 'INVALID_REFERENCE', /^digest "\w*:?0*"(?:\.\.\.)? names no algorithm$/);
    refuses(`a@${SHA256}@${SHA256}`, 'INVALID_REFERENCE', /^the sha256 digest has 136 characters/);
    refuses(`@${SHA256}`, 'INVALID_REFERENCE', 'the repository is empty');
  });

  test('B18 sha256 and sha512 are the supported algorithms', () => {
    assert.equal(image(`a@${SHA512}`).digest, SHA512);
    refuses(`a@${SHA512}0`, 'INVALID_REFERENCE', 'the sha512 digest has 129 characters instead of 128');
    for (const algorithm of ['sha384', 'md5', 'sha1', 'sha256+b64', 'SHA256', 'blake3']) {
      refuses(
        `a@${algorithm}:${'0'.repeat(96)}`,
        'UNSUPPORTED_DIGEST',
        `digest algorithm "${algorithm}" is not supported`,
      );
    }
  });

  test('B19 64 hexadecimal digits alone are refused', () => {
    refuses('0'.repeat(64), 'INVALID_REFERENCE', '64 hexadecimal digits are the id of an image, not a name');
    assert.equal(image('0'.repeat(63)).tag, undefined);
    assert.equal(image(`library/${'0'.repeat(64)}`).registry, 'docker.io');
  });

  test('B20 a digest alone is ambiguous', () => {
    for (const text of [SHA256, SHA512, `sha384:${'0'.repeat(96)}`]) {
      const shown = text.length > 64 ? `"${text.slice(0, 64)}"...` : text;
      refuses(
        text,
        'AMBIGUOUS_REFERENCE',
        `some programs read ${shown} as a digest, others as a name with a tag`,
      );
    }
    assert.equal(image('sha256:v1').tag, 'v1');
    assert.equal(image(`library/${SHA256}`).tag, SHA256.slice(7));
  });

  test('B21 a tag has at most 128 characters, and may be a name of Object.prototype', () => {
    assert.equal(image(`a:${'x'.repeat(128)}`).tag?.length, 128);
    refuses(`a:${'x'.repeat(129)}`, 'INVALID_REFERENCE', 'the tag has 129 characters, more than 128');
    const atLimit = `-${'x'.repeat(127)}`;
    refuses(`a:${atLimit}`, 'INVALID_REFERENCE', `tag "${atLimit.slice(0, 64)}"... begins with "." or "-"`);
    refuses('a:-x', 'INVALID_REFERENCE', 'tag "-x" begins with "." or "-"');
    refuses('a:.x', 'INVALID_REFERENCE', 'tag ".x" begins with "." or "-"');
    refuses('a:', 'INVALID_REFERENCE', 'the tag is empty');
    refuses('a:b:c', 'INVALID_REFERENCE', '"b:c" are two tags');
    refuses('r.io/a:b/c', 'INVALID_REFERENCE', 'tag "b/c" has "/", like the name of a branch');
    for (const tag of ['__proto__', 'constructor', 'toString', '_'])
      assert.equal(effectiveTag(image(`a:${tag}`)), tag);
  });

  test('B22 registry and repository have together at most 255 characters', () => {
    const path = (length: number) => 'a'.repeat(length);
    assert.equal(image(`r.io/${path(250)}`).repository.length, 250);
    refuses(
      `r.io/${path(251)}`,
      'INVALID_REFERENCE',
      'registry and repository have 256 characters, more than 255',
    );
    // The registry and the namespace that the runtime adds count too.
    assert.equal(image(path(237)).repository.length, 245);
    refuses(path(238), 'INVALID_REFERENCE', 'registry and repository have 256 characters, more than 255');
  });

  test('B23 a text that is too long is refused for its length, without parsing', () => {
    const next = congruential(23);
    for (const length of [1025, 100_000, 1 << 20]) {
      const text = `registry.example.com/${joinedSamples('repository', length, next)}`.slice(0, length);
      const started = performance.now();
      refuses(text, 'INVALID_REFERENCE', `the reference has ${length} characters, more than 1024`);
      assert.ok(performance.now() - started < 50);
    }
    // The longest text that is parsed.
    const longest = `${joinedSamples('component', 1023, next)}a`;
    refuses(longest, 'INVALID_REFERENCE', /^registry and repository have 1042 characters/);
    for (const production of ['algorithm', 'component', 'host', 'ipv4', 'port', 'repository', 'tag']) {
      const text = spoil(joinedSamples(production, 1024, next), next);
      const started = performance.now();
      refuses(text, 'INVALID_REFERENCE', /./);
      assert.ok(performance.now() - started < 50, text);
    }
  });

  test('B24 a separator is between letters or digits', () => {
    for (const component of ['a..b', 'a___b', 'a-_b', 'a.-b']) {
      refuses(
        `x/${component}`,
        'INVALID_REFERENCE',
        `repository component "${component}" has separators in a row`,
      );
    }
    for (const component of ['-a', 'a-', '_a', 'a.']) {
      refuses(
        `x/${component}`,
        'INVALID_REFERENCE',
        `repository component "${component}" begins or ends with a separator`,
      );
    }
    for (const component of ['a--b', 'a__b', 'a.b', 'a_b', 'a----b'])
      assert.equal(image(`x/${component}`).repository, `x/${component}`);
  });
});

test('a reason repeats at most 64 characters of the text, in ASCII', () => {
  const { reason } = refuses(
    `r.io/${'-'.repeat(900)}`,
    'INVALID_REFERENCE',
    /begins or ends with a separator$/,
  );
  assert.equal(reason, `repository component "${'-'.repeat(64)}"... begins or ends with a separator`);
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

function refuses(text: string, code: InvalidReference['code'], reason: string | RegExp) {
  const result = parseImageReference(text);
  assert.ok(result.kind === 'invalid', `${text.slice(0, 100)} is read`);
  assert.equal(result.code, code, text.slice(0, 100));
  const texts = { reason: inEnglish(result.reason), remedy: inEnglish(result.remedy) };
  if (typeof reason === 'string') assert.equal(texts.reason, reason);
  else assert.match(texts.reason, reason);
  assert.match(texts.remedy, /^[a-z][\x20-\x7e]+$/);
  return texts;
}
