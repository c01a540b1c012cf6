import assert from 'node:assert/strict';
import { test } from 'node:test';
import { englishText } from '#test/phrases.ts';
import { ask, DIGEST, ruleCases } from '#test/rule-cases.ts';
import { requireFullyQualified } from './require-fully-qualified.ts';

const SHORT = 'the image does not name its registry';

for (const [title, run] of ruleCases(
  requireFullyQualified,
  {},
  {
    code: 'NOT_FULLY_QUALIFIED',
    admits: [
      'docker.io/nginx',
      'index.docker.io/library/nginx',
      'localhost/app',
      'registry:5000/app',
      `ghcr.io/app@${DIGEST}`,
    ],
    refuses: { nginx: SHORT, 'acme/app:1': SHORT, [`library/nginx@${DIGEST}`]: SHORT },
  },
))
  test(title, run);

test('the remedy for a short name is the name in full', async () => {
  assert.equal(
    englishText((await ask(requireFullyQualified, {}, 'nginx'))?.remedy),
    'write docker.io/library/nginx:latest',
  );
});
