import assert from 'node:assert/strict';
import { test } from 'node:test';
import { englishText } from '#test/phrases.ts';
import { ask, DIGEST, ruleCases } from '#test/rule-cases.ts';
import { ParameterError } from '../parameter-error.ts';
import { allowedImages } from './allowed-images.ts';

for (const [title, run] of ruleCases(
  allowedImages,
  { images: ['registry.example.com/**', 'docker.io/library/*', 'ghcr.io/acme/app'] },
  {
    code: 'IMAGE_NOT_ALLOWED',
    admits: [
      'nginx',
      'nginx:latest',
      'library/nginx',
      'index.docker.io/library/nginx',
      `nginx@${DIGEST}`,
      'registry.example.com/a',
      'registry.example.com/a/b/c:1',
      'registry.example.com:443/a',
      'ghcr.io/acme/app:2',
    ],
    refuses: {
      'evil/nginx': 'docker.io/evil/nginx is not an allowed image',
      // Other hosts of Docker Hub serve the same image, but only registries that the policy names are allowed (B03).
      'registry-1.docker.io/library/nginx': 'registry-1.docker.io/library/nginx is not an allowed image',
      'registry.example.com.evil.io/a': 'registry.example.com.evil.io/a is not an allowed image',
      'evil.io/registry.example.com/a': 'evil.io/registry.example.com/a is not an allowed image',
      'registry.example.com:5000/a': 'registry.example.com:5000/a is not an allowed image',
      'ghcr.io/acme/app/x': 'ghcr.io/acme/app/x is not an allowed image',
      'ghcr.io/acme/app-evil': 'ghcr.io/acme/app-evil is not an allowed image',
    },
  },
))
  test(title, run);

test('flip: allowedImages.images admits the images that match and refuses others', async () => {
  assert.equal(await ask(allowedImages, { images: ['ghcr.io/acme/*'] }, 'ghcr.io/acme/app'), undefined);
  const objection = await ask(allowedImages, { images: ['ghcr.io/other/*'] }, 'ghcr.io/acme/app');
  assert.equal(objection?.code, 'IMAGE_NOT_ALLOWED');
});

test('a pattern that allows every registry is refused, with its index', async () => {
  await assert.rejects(
    async () => ask(allowedImages, { images: ['ghcr.io/acme/*', '*/**'] }, 'nginx'),
    (error) =>
      error instanceof ParameterError &&
      error.problems[0]?.path.join('.') === 'images.1' &&
      error.problems[0].hint?.startsWith('name the registries') === true,
  );
});

test('X17 flip: shortNames: Refuse: an image without a registry is not allowed, and the remedy is its full name', async () => {
  const parameters = { images: ['docker.io/library/*', 'docker.io/acme/**'] };
  for (const [image, name] of [
    ['nginx', 'docker.io/library/nginx:latest'],
    ['library/nginx:1', 'docker.io/library/nginx:1'],
    ['acme/app:1', 'docker.io/acme/app:1'],
    [`nginx@${DIGEST}`, `docker.io/library/nginx@${DIGEST}`],
  ] as const) {
    assert.equal(await ask(allowedImages, parameters, image, 'DockerHub'), undefined, image);
    const refused = await ask(allowedImages, parameters, image, 'Refuse');
    assert.match(englishText(refused?.reason), /^the image names no registry/);
    assert.equal(englishText(refused?.remedy), `write ${name}`);
    assert.equal(await ask(allowedImages, parameters, name, 'Refuse'), undefined, name);
  }
  const other = await ask(allowedImages, parameters, 'other/app:1', 'Refuse');
  assert.equal(englishText(other?.reason), 'docker.io/other/app is not an allowed image');
});
