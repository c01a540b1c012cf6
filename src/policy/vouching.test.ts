import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { englishText } from '#test/phrases.ts';
import { reviewOf } from '#test/bare-reviews.ts';
import { policyDocument, type NamelessRule } from '#test/policies.ts';
import { APPROVED, NOT_APPROVED, policyOfRules, rulesLike } from '#test/questions.ts';
import { decide, summarise } from '#test/verdicts.ts';
import { type Answer, unavailable } from '../question/question.ts';
import { decodePolicy } from './decode.ts';
import type { ValidationAction } from './decision.ts';
import { judge as judgeReview } from './judge.ts';
import { createPolicy } from './policy.ts';
import type { Rule } from './rule.ts';
import { settle } from './settle.ts';

const NO_LATEST: NamelessRule = { name: 'no-latest', disallowedTags: { tags: ['latest'] } };
const ACME_ONLY: NamelessRule = { name: 'acme-only', allowedImages: { images: ['ghcr.io/acme/**'] } };
const NO_EVIL: NamelessRule = { name: 'no-evil', disallowedImages: { images: ['ghcr.io/acme/evil'] } };

describe('XH4 a rule that vouches', () => {
  const HUB: NamelessRule = {
    name: 'hub',
    match: { images: ['docker.io/library/*'] },
    requireFullyQualified: {},
  };
  const UNMATCHED = ['refused', 'UNMATCHED_IMAGE - -'];

  /** The verdict about an image under `unmatchedImages: Deny`, by `ACME_ONLY` in another namespace and these rules. */
  async function verdict(image: string, ...rules: readonly NamelessRule[]): Promise<readonly string[]> {
    const elsewhere: NamelessRule = { ...ACME_ONLY, match: { namespaces: ['elsewhere'] } };
    return summarise(
      decide(reviewOf(image), await decodePolicy(policyDocument([elsewhere, ...rules], 'Deny'))),
    );
  }

  it('XH4 has the action Deny', async () => {
    const known: NamelessRule = { ...ACME_ONLY, name: 'known' };
    assert.deepEqual(await verdict('ghcr.io/acme/app:1', known), ['admitted']);
    for (const actions of [['Warn'], ['Audit'], ['Warn', 'Audit']] as ValidationAction[][])
      assert.deepEqual(
        await verdict('ghcr.io/acme/app:1', { ...known, validationActions: actions }),
        UNMATCHED,
      );
  });

  it('XH4 names the image, in allowedImages or in match.images', async () => {
    assert.deepEqual(await verdict('docker.io/library/nginx:1', HUB), ['admitted']);
    assert.deepEqual(await verdict('docker.io/library/nginx:1', { requireFullyQualified: {} }), UNMATCHED);
    assert.deepEqual(await verdict('docker.io/library/nginx:1', NO_LATEST, NO_EVIL), UNMATCHED);
  });

  it('XH4 names it by its own registry: no other host of Docker Hub, and no wildcard', async () => {
    assert.deepEqual(await verdict('index.docker.io/library/nginx:1', HUB), ['admitted']);
    assert.deepEqual(await verdict('registry-1.docker.io/library/nginx:1', HUB), UNMATCHED);
    const everywhere: NamelessRule = { match: { images: ['*/library/*'] }, requireFullyQualified: {} };
    assert.deepEqual(await verdict('docker.io/library/nginx:1', everywhere), UNMATCHED);
  });

  it('XH4 certainly applies, and the image is not excluded', async () => {
    for (const [exclude, expected] of [
      [{ images: ['docker.io/library/redis'] }, ['admitted']],
      [{ images: ['docker.io/library/nginx'] }, UNMATCHED],
      [{ images: ['docker.io/library/nginx'], namespaces: ['elsewhere'] }, ['admitted']],
      [{ images: ['docker.io/library/nginx'], namespaces: ['team-a'] }, UNMATCHED],
    ] as const)
      assert.deepEqual(
        await verdict('docker.io/library/nginx:1', { ...HUB, exclude: structuredClone(exclude) as object }),
        expected,
        JSON.stringify(exclude),
      );
  });

  it('XH4 has no objection; its objection is the only one', async () => {
    assert.deepEqual(await verdict('nginx:1', HUB), ['refused', 'NOT_FULLY_QUALIFIED - -']);
    const other: NamelessRule = { ...ACME_ONLY, name: 'other' };
    assert.deepEqual(await verdict('quay.io/a/b:1', other), ['refused', 'IMAGE_NOT_ALLOWED - -']);
  });

  it('XH4 may ask: a good answer vouches, and another answer refuses', async () => {
    const [asking] = await rulesLike({ match: { images: ['docker.io/library/*'] } });
    const [silent] = await rulesLike({});
    assert.ok(asking !== undefined && silent !== undefined);
    const settled = (image: string, answer: Answer, ...rules: readonly Rule[]): readonly string[] => {
      const policy = createPolicy({ ...policyOfRules(...rules), unmatchedImages: 'Deny' });
      const review = reviewOf(image);
      assert.ok(review.subject.kind === 'images');
      const judged = judgeReview(policy, review, review.subject);
      return summarise(judged.outcome === 'open' ? settle(judged, () => answer) : judged);
    };
    assert.deepEqual(settled('nginx:1', APPROVED, asking), ['admitted']);
    assert.deepEqual(settled('nginx:1', NOT_APPROVED, asking), ['refused', 'DIGEST_REQUIRED - -']);
    assert.deepEqual(settled('nginx:1', unavailable('DEADLINE'), asking), ['refused', 'DEADLINE - -']);
    assert.deepEqual(settled('quay.io/a/b:1', APPROVED, asking), UNMATCHED);
    assert.deepEqual(settled('nginx:1', APPROVED, silent), UNMATCHED, 'it names no image');
  });
});

describe('X17 an image without a registry', () => {
  async function verdict(
    image: string,
    shortNames: 'DockerHub' | 'Refuse' | undefined,
    rule: NamelessRule,
    unmatched: 'Deny' | 'Allow' = 'Allow',
  ) {
    const { spec, ...document } = policyDocument([rule], unmatched);
    return decide(
      reviewOf(image),
      await decodePolicy({ ...document, spec: { ...spec, ...(shortNames && { shortNames }) } }),
    );
  }
  const hub = { images: ['docker.io/library/*'] };

  it('X17 flip: satisfies no exclusion with Refuse', async () => {
    const rule: NamelessRule = { exclude: hub, requiredDigest: {} };
    assert.equal((await verdict('nginx:1', undefined, rule)).outcome, 'admitted');
    assert.equal((await verdict('nginx:1', 'DockerHub', rule)).outcome, 'admitted');
    assert.equal((await verdict('nginx:1', 'Refuse', rule)).outcome, 'refused');
    assert.equal((await verdict('docker.io/library/nginx:1', 'Refuse', rule)).outcome, 'admitted');
  });

  it('X17 flip: is vouched for by no rule with Refuse, and the remedy is the name that a rule allows', async () => {
    const rule: NamelessRule = { match: hub, disallowedTags: { tags: ['latest'] } };
    assert.equal((await verdict('nginx:1', 'DockerHub', rule, 'Deny')).outcome, 'admitted');
    const refused = await verdict('nginx:1', 'Refuse', rule, 'Deny');
    assert.deepEqual(summarise(refused), ['refused', 'UNMATCHED_IMAGE - -']);
    assert.equal(englishText(refused.violations[0]?.remedy), 'write docker.io/library/nginx:1');
    assert.equal((await verdict('docker.io/library/nginx:1', 'Refuse', rule, 'Deny')).outcome, 'admitted');
    const other = await verdict('acme/app:1', 'Refuse', rule, 'Deny');
    assert.doesNotMatch(
      englishText(other.violations[0]?.remedy),
      /^write/,
      'its full name is not allowed either',
    );
  });

  it('XN1 is each spelling that CRI-O looks up in its files, and no other one', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const anything: NamelessRule = {
      allowedImages: { images: ['docker.io/**', 'localhost/**', '127.0.0.1:5000/**'] },
    };
    const short = ['nginx', 'nginx:1', `nginx@${digest}`, 'library/nginx', 'foo/bar', 'foo/bar:1', 'a/b/c:1'];
    const full = ['docker.io/nginx:1', 'docker.io/library/nginx', 'localhost/app:1', '127.0.0.1:5000/app:1'];
    for (const [images, outcome] of [
      [short, 'refused'],
      [full, 'admitted'],
    ] as const)
      for (const image of images)
        assert.equal((await verdict(image, 'Refuse', anything)).outcome, outcome, image);
  });

  it('X17 is still refused by rules that close', async () => {
    for (const shortNames of ['DockerHub', 'Refuse'] as const) {
      const decision = await verdict('nginx:1', shortNames, { disallowedImages: hub });
      assert.deepEqual(summarise(decision), ['refused', 'DISALLOWED_IMAGE - -']);
    }
  });
});
