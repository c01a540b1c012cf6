import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, DIGEST, ruleCases } from '#test/rule-cases.ts';
import { disallowedImages } from './disallowed-images.ts';

for (const [title, run] of ruleCases(
  disallowedImages,
  { images: ['docker.io/evil/**', 'registry.example.com/team/secret', '*/bitcoin-miner'] },
  {
    code: 'DISALLOWED_IMAGE',
    admits: [
      'nginx',
      'good/app',
      'registry.example.com/team/secrets',
      'registry.example.com/team/secret/x',
      'ghcr.io/evil/app',
    ],
    refuses: {
      'evil/app': 'docker.io/evil/app is a disallowed image',
      [`evil/app:1@${DIGEST}`]: 'docker.io/evil/app is a disallowed image',
      'registry.example.com:443/team/secret': 'registry.example.com:443/team/secret is a disallowed image',
      'ghcr.io/bitcoin-miner': 'ghcr.io/bitcoin-miner is a disallowed image',
    },
  },
))
  test(title, run);

test('C14 a disallowed repository is refused for each spelling of its host', async () => {
  const spellings = [
    'evil/app',
    'docker.io/evil/app',
    'index.docker.io/evil/app',
    'docker.io:443/evil/app',
    'index.docker.io:443/evil/app',
    'registry-1.docker.io/evil/app',
    'registry-1.docker.io:443/evil/app',
    'registry.docker.io/evil/app',
    'registry.hub.docker.com/evil/app',
    'hub.docker.com/evil/app',
  ];
  for (const written of ['docker.io/evil/**', 'index.docker.io/evil/*', 'registry-1.docker.io/evil/app']) {
    for (const image of spellings) {
      const objection = await ask(disallowedImages, { images: [written] }, image);
      assert.equal(objection?.code, 'DISALLOWED_IMAGE', `${image} against ${written}`);
    }
  }
});

test('flip: disallowedImages.images refuses the images that match and admits others', async () => {
  assert.equal(
    (await ask(disallowedImages, { images: ['ghcr.io/acme/*'] }, 'ghcr.io/acme/app'))?.code,
    'DISALLOWED_IMAGE',
  );
  assert.equal(await ask(disallowedImages, { images: ['ghcr.io/other/*'] }, 'ghcr.io/acme/app'), undefined);
});
