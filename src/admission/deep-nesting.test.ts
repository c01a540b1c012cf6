import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { UID } from '#test/reviews.ts';

type Answers = readonly (readonly [status: number, text: string])[];
type Case = 'good' | 'bad' | 'images' | 'noReviews' | 'kinds' | 'updates';

const PROGRAM = fileURLToPath(new URL('../../test/support/nested-reviews.ts', import.meta.url));
/** KiB, of which 1,000 levels take more in a recursive function. */
const STACK = '--stack-size=150';

describe('F03 nesting of any depth', { timeout: 30_000 }, () => {
  let results: Readonly<Record<Case, Answers>> & { readonly overflow: string };
  before(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [STACK, PROGRAM]);
    results = JSON.parse(stdout);
  });

  function assertAnswers(of: Case, status: number, text: RegExp): void {
    assert.ok(results[of].length > 0);
    for (const answer of results[of]) {
      assert.equal(answer[0], status);
      assert.match(answer[1], text);
    }
  }

  it('F03 the stack of the process is too small for a recursive function', () => {
    assert.equal(results.overflow, 'RangeError');
  });

  it('F03 deep annotations change no verdict', () => {
    assertAnswers('good', 200, new RegExp(`"response":{"uid":"${UID}","allowed":true}}$`));
    assertAnswers('bad', 200, /"allowed":false.*DISALLOWED_TAG/);
  });

  it('F03 a nested value as the image is refused', () => {
    assertAnswers('images', 200, /"allowed":false.*spec\.containers\[0\]\.image.* is not a string/);
  });

  it('F03 a nested document, request or uid is no review', () => {
    assertAnswers('noReviews', 400, /MALFORMED_REVIEW/);
  });

  it('F03 a nested kind is refused', () => {
    assertAnswers('kinds', 200, /"allowed":false/);
  });

  it('F03 an update of an unreadable object that is deeply nested is refused, and the answer has its uid', () => {
    assertAnswers('updates', 200, new RegExp(`"uid":"${UID}","allowed":false`));
  });
});
