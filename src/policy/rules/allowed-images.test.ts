import assert from 'node:assert/strict';
import { test } from 'node:test';
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
