import { test } from 'node:test';
import { DIGEST, ruleCases } from '#test/rule-cases.ts';
import { disallowedTags } from './disallowed-tags.ts';

for (const [title, run] of ruleCases(
  disallowedTags,
  { tags: ['latest', 'dev'] },
  {
    code: 'DISALLOWED_TAG',
    admits: [
      'nginx:1.27',
      'nginx:LATEST',
      'nginx:latest-1',
      'nginx:v-latest',
      'latest:1',
      'registry.example.com:5000/latest/dev:1',
      `nginx:latest@${DIGEST}`,
      `nginx@${DIGEST}`,
    ],
    refuses: {
      nginx: 'no tag means tag "latest", which is not allowed',
      'registry.example.com:5000/nginx': 'no tag means tag "latest", which is not allowed',
      'nginx:latest': 'tag "latest" is not allowed',
      'ghcr.io/acme/app:dev': 'tag "dev" is not allowed',
    },
  },
))
  test(title, run);

for (const [title, run] of ruleCases(
  disallowedTags,
  { tags: ['__proto__', 'constructor'] },
  {
    code: 'DISALLOWED_TAG',
    admits: ['nginx', 'nginx:toString'],
    refuses: {
      'nginx:__proto__': 'tag "__proto__" is not allowed',
      'nginx:constructor': 'tag "constructor" is not allowed',
    },
  },
))
  test(title, run);
