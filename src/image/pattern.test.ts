import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { matchesImage, parseImagePattern, type PatternUse } from './pattern.ts';
import { parseImageReference } from './reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const HUB_ALIASES = [
  'registry-1.docker.io',
  'registry.docker.io',
  'registry.hub.docker.com',
  'hub.docker.com',
  'docker.io:443',
  'index.docker.io:443',
  'registry-1.docker.io:443',
];

interface Cases {
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

describe('the images that a pattern matches', () => {
  for (const use of ['opens', 'closes'] as const) {
    test(`C01 a longer registry is another registry (${use})`, () => {
      matches('registry.example.com/**', use, {
        yes: ['registry.example.com/x', 'registry.example.com/x/y:v1'],
        no: [
          'registry.example.com.evil.io/x',
          'evil.io/registry.example.com/x',
          'xregistry.example.com/x',
          'a.registry.example.com/x',
          'nginx',
        ],
      });
    });

    test(`C02 only whole path segments match (${use})`, () => {
      matches('registry.example.com/team/**', use, {
        yes: ['registry.example.com/team/x', 'registry.example.com/team/x/y'],
        no: [
          'registry.example.com/team-evil/x',
          'registry.example.com/teamx',
          'registry.example.com/team',
          'registry.example.com/x/team/y',
        ],
      });
      matches('registry.example.com/team', use, {
        yes: ['registry.example.com/team'],
        no: ['registry.example.com/team/x', 'registry.example.com/teamx', 'registry.example.com/tea'],
      });
    });

    test(`C03 one star matches within its segment (${use})`, () => {
      matches('docker.io/library/*', use, {
        yes: ['nginx', 'docker.io/library/nginx', 'index.docker.io/nginx:1.27'],
        no: ['docker.io/libraryevil/x', 'docker.io/library/nginx/x', 'team/nginx'],
      });
      matches('ghcr.io/acme/*-app', use, {
        yes: ['ghcr.io/acme/web-app', 'ghcr.io/acme/a-app-app'],
        no: ['ghcr.io/acme/web-apps', 'ghcr.io/acme/a/web-app', 'ghcr.io/acme/app'],
      });
    });

    test(`C04 one star matches within its host label (${use})`, () => {
      matches('*.example.com/**', use, {
        yes: ['a.example.com/y', 'registry.example.com:443/x/y'],
        no: [
          'evil.io/x.example.com/y',
          'a.example.com.evil.io/y',
          'example.com/y',
          'a.b.example.com/y',
          'a.example.com:5000/y',
          'aexample.com/y',
        ],
      });
      matches('eu-*.*.example.com:5000/app', use, {
        yes: ['eu-1.a.example.com:5000/app'],
        no: [
          'eu-1.a.example.com/app',
          'eu-1.a.example.com:50000/app',
          'eu-1.example.com:5000/app',
          'us-1.a.example.com:5000/app',
        ],
      });
    });

    test(`C05 tag and digest are ignored (${use})`, () => {
      matches('gcr.io/proj', use, {
        yes: ['gcr.io/proj', 'gcr.io/proj:tag', `gcr.io/proj@${DIGEST}`, `gcr.io/proj:tag@${DIGEST}`],
        no: ['gcr.io/projx', 'gcr.io/proj/sub', 'gcr.io/xproj', 'gcr.io.evil.io/proj', 'gcr.io:5000/proj'],
      });
    });

    test(`two stars match one or more whole segments (${use})`, () => {
      matches('r.io/**/app', use, {
        yes: ['r.io/a/app', 'r.io/a/b/app', 'r.io/app/app', 'r.io/app/x/app'],
        no: ['r.io/app', 'r.io/a/app/x', 'r.io/a/xapp'],
      });
      matches('r.io/a/**/b*/**', use, {
        yes: ['r.io/a/x/b/y', 'r.io/a/b/b/b', 'r.io/a/x/c/b1/y/z'],
        no: ['r.io/a/b/y', 'r.io/a/x/b', 'r.io/a/x/y/z'],
      });
    });

    test(`B08 a registry is the same with port 443 and without a port, and another with another port (${use})`, () => {
      for (const text of ['registry.example.com/**', 'registry.example.com:443/**']) {
        matches(text, use, {
          yes: ['registry.example.com/a', 'registry.example.com:443/a'],
          no: ['registry.example.com:5000/a', 'registry.example.com:4443/a'],
        });
      }
      matches('registry.example.com:5000/**', use, {
        yes: ['registry.example.com:5000/a'],
        no: ['registry.example.com/a', 'registry.example.com:443/a'],
      });
      matches('[fd00::1]/**', use, {
        yes: ['[fd00::1]/a', '[fd00::1]:443/a'],
        no: ['[fd00::1]:5000/a', '[fd00::2]/a'],
      });
      matches('localhost:5000/**', use, { yes: ['localhost:5000/a'], no: ['localhost/a'] });
    });

    test(`index.docker.io is docker.io, as in the grammar (${use})`, () => {
      matches('index.docker.io/library/*', use, { yes: ['nginx', 'docker.io/nginx'], no: ['team/nginx'] });
    });
  }
});

describe('other names of Docker Hub', () => {
  test('B03 are docker.io for a pattern that refuses images, and other registries for one that admits images', () => {
    for (const alias of HUB_ALIASES) {
      matches('docker.io/library/nginx', 'closes', {
        yes: [`${alias}/library/nginx`, `${alias}/nginx`],
        no: [`${alias}/library/redis`],
      });
    }
    for (const alias of HUB_ALIASES.filter((alias) => alias !== 'docker.io:443')) {
      matches('docker.io/**', 'opens', { yes: ['nginx'], no: [`${alias}/library/nginx`] });
    }
  });

  test('B03 match in a pattern that opens if the policy names them', () => {
    matches('registry-1.docker.io/library/*', 'opens', {
      yes: ['registry-1.docker.io/library/nginx', 'registry-1.docker.io:443/library/nginx'],
      no: ['docker.io/library/nginx', 'registry.hub.docker.com/library/nginx', 'registry-1.docker.io/nginx'],
    });
    matches('*.docker.io/**', 'opens', { yes: ['registry-1.docker.io/a'], no: ['docker.io/a', 'nginx'] });
  });

  test('C14 a pattern that closes matches an image in each of its spellings', () => {
    const spellings = ['docker.io', 'index.docker.io', ...HUB_ALIASES].map((host) => `${host}/evil/miner`);
    for (const text of [
      'docker.io/evil/**',
      'index.docker.io/evil/*',
      'registry-1.docker.io/evil/**',
      '*.docker.io/evil/**',
      '*/evil/**',
      'registry.hub.docker.com:443/evil/miner',
    ]) {
      matches(text, 'closes', {
        yes: ['evil/miner', 'evil/miner:v1', `evil/miner@${DIGEST}`, ...spellings],
        no: ['evilx/miner', 'docker.io/good/evil'],
      });
    }
    matches('registry-1.docker.io/nginx', 'closes', {
      yes: ['nginx', 'registry-1.docker.io/nginx', 'docker.io/library/nginx'],
      no: ['team/nginx'],
    });
    matches('*.docker.io/*', 'closes', { yes: ['nginx', 'registry-1.docker.io/nginx'], no: ['team/nginx'] });
    for (const whole of ['docker.io/**', 'registry-1.docker.io/**', '*.docker.io/**']) {
      matches(whole, 'closes', {
        yes: ['nginx', 'team/nginx', 'a/b/c', 'registry-1.docker.io/nginx', 'hub.docker.com/team/nginx'],
        no: ['ghcr.io/library/nginx', 'docker.io.evil.io/x'],
      });
    }
    matches('docker.io/evil/**', 'closes', {
      yes: [],
      no: ['registry-1.docker.io:5000/evil/miner', 'docker.io.evil.io/evil/miner', 'ghcr.io/evil/miner'],
    });
  });

  test('a star as the registry of a pattern that closes matches all registries', () => {
    matches('*/**', 'closes', {
      yes: [
        'nginx',
        'ghcr.io/a/b',
        'localhost:5000/a',
        '[::1]/a',
        '127.0.0.1:80/a',
        'registry-1.docker.io/nginx',
      ],
      no: [],
    });
    matches('*/nginx', 'closes', {
      yes: ['nginx', 'ghcr.io/nginx', 'host:5000/nginx'],
      no: ['ghcr.io/a/nginx', 'team/nginx'],
    });
  });
});

describe('a pattern for all images of a registry', () => {
  test('matches each of its images, and none of another port', () => {
    const pattern = parseImagePattern('registry.example.com:5000/**', 'opens');
    assert.equal(pattern.text, 'registry.example.com:5000/**');
    assert.equal(matchesText(pattern, 'registry.example.com:5000/a/b:v1'), true);
    assert.equal(matchesText(pattern, 'registry.example.com/a/b:v1'), false);
    assert.equal(matchesText(parseImagePattern('index.docker.io/**', 'opens'), 'nginx'), true);
    assert.equal(matchesText(parseImagePattern('*.example.com/**', 'opens'), 'a.example.com/x'), true);
  });
});

function matches(text: string, use: PatternUse, { yes, no }: Cases): void {
  const pattern = parseImagePattern(text, use);
  for (const image of yes)
    assert.equal(matchesText(pattern, image), true, `${text} (${use}) should match ${image}`);
  for (const image of no)
    assert.equal(matchesText(pattern, image), false, `${text} (${use}) should not match ${image}`);
}

function matchesText(pattern: ReturnType<typeof parseImagePattern>, image: string): boolean {
  const reference = parseImageReference(image);
  assert.ok(reference.kind === 'image', image);
  return matchesImage(pattern, reference);
}
