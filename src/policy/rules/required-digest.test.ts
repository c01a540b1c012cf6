import { test } from 'node:test';
import { DIGEST, ruleCases } from '#test/rule-cases.ts';
import { requiredDigest } from './required-digest.ts';

const UNPINNED = 'the image is not pinned by a digest';

for (const [title, run] of ruleCases(
  requiredDigest,
  {},
  {
    code: 'DIGEST_REQUIRED',
    admits: [`nginx@${DIGEST}`, `nginx:latest@${DIGEST}`, `nginx@sha512:${'ab'.repeat(64)}`],
    refuses: { nginx: UNPINNED, 'nginx:1.27': UNPINNED, 'ghcr.io/acme/sha256:abc': UNPINNED },
  },
))
  test(title, run);
