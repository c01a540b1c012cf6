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

for (const [title, run] of ruleCases(
  disallowedTags,
  { pattern: '(?i).*snapshot.*|main|la.est' },
  {
    code: 'DISALLOWED_TAG',
    admits: ['nginx:1.27', 'nginx:main-1', `nginx:1-SNAPSHOT@${DIGEST}`, 'snapshot:1'],
    refuses: {
      'nginx:1.0-SNAPSHOT':
        'tag "1.0-SNAPSHOT" is of the form (?i).*snapshot.*|main|la.est, which is not allowed',
      'nginx:main': 'tag "main" is of the form (?i).*snapshot.*|main|la.est, which is not allowed',
      nginx: 'no tag means tag "latest", which is not allowed',
    },
  },
))
  test(`X10 flip: ${title}`, run);
