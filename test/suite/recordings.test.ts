import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask } from '#test/verdicts.ts';
import { admissionReviewIn } from '../../src/admission/admission-review.ts';
import { imageReviewIn } from '../../src/admission/image-review.ts';
import { chooseCatalogue } from '../../src/language/choose.ts';
import { decodePolicy } from '../../src/policy/decode.ts';
import { defaultPolicyDocument } from '../../src/policy/default-policy.ts';
import { parsePolicy } from '../../src/policy-source/load.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { createRoutes } from '../../src/server/routes.ts';

/** A request of a real API server and the answer of the gate, as `npm run record` writes them. */
interface Recording {
  readonly path: string;
  readonly query: string;
  readonly request: unknown;
  readonly status: number;
  readonly response: unknown;
  /** `default`, or the text of the active policy. */
  readonly policy: string;
  readonly language?: string;
}

const FOLDER = fileURLToPath(new URL('../recordings', import.meta.url));

const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.json'))
  .toSorted();

function policyOf({ policy, language }: Recording, file: string): Promise<Policy> {
  if (policy !== 'default') return parsePolicy(policy, file, language);
  return decodePolicy(defaultPolicyDocument([]), language);
}

describe('a recorded request gets the recorded answer', () => {
  it('there are recordings', () => {
    assert.ok(files.length > 0, `${FOLDER} is empty; npm run record fills it`);
  });

  for (const file of files) {
    it(file, async () => {
      const recording = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Recording;
      const { catalogue } = chooseCatalogue(recording.language);
      const protocols = {
        imageReview: imageReviewIn(catalogue),
        admissionReview: admissionReviewIn(catalogue),
      };
      const route = createRoutes(protocols).get(recording.path);
      assert.ok(route, `${recording.path} belongs to a protocol`);
      const { status, body } = ask(route.protocol, recording.request, await policyOf(recording, file));
      assert.deepEqual(
        { status, response: body },
        { status: recording.status, response: recording.response },
      );
    });
  }
});
