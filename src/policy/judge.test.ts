import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { englishText } from '#test/phrases.ts';
import { imageReview } from '#test/protocols.ts';
import { reviewOf } from '#test/bare-reviews.ts';
import { BAD, deployment, GOOD, pod } from '#test/pods.ts';
import { policyDocument, policyOf, type NamelessRule } from '#test/policies.ts';
import { imageReviewOfImages } from '#test/reviews.ts';
import { DIGEST } from '#test/rule-cases.ts';
import { decide, judge, summarise } from '#test/verdicts.ts';
import { decodePolicy } from './decode.ts';
import type { Decision, ValidationAction } from './decision.ts';
import type { Policy } from './policy.ts';
import { applyStage } from './stage.ts';
import { fieldOf } from '../image/use.ts';

const NO_LATEST: NamelessRule = { name: 'no-latest', disallowedTags: { tags: ['latest'] } };
const ACME_ONLY: NamelessRule = { name: 'acme-only', allowedImages: { images: ['ghcr.io/acme/**'] } };
const PINNED: NamelessRule = { name: 'pinned', requiredDigest: {} };
const NO_EVIL: NamelessRule = { name: 'no-evil', disallowedImages: { images: ['ghcr.io/acme/evil'] } };

/** Names of the rules that object, `-` for the gate itself. */
function objectors({ violations }: Decision): readonly string[] {
  return violations.map(({ rule }) => rule ?? '-');
}

/** A policy with this value of `unmatchedImages`. */
function policyThat(unmatchedImages: 'Deny' | 'Allow', ...rules: readonly NamelessRule[]): Promise<Policy> {
  return decodePolicy(policyDocument(rules, unmatchedImages));
}

describe('the verdict over all rules', () => {
  it('all rules that select an image must be satisfied; each rule that is not satisfied is named', async () => {
    const policy = await policyOf(NO_LATEST, ACME_ONLY, PINNED);
    assert.deepEqual(objectors(decide(reviewOf('nginx'), policy)), ['no-latest', 'acme-only', 'pinned']);
    assert.deepEqual(objectors(decide(reviewOf('ghcr.io/acme/app:1'), policy)), ['pinned']);
    assert.equal(decide(reviewOf(`ghcr.io/acme/app@${DIGEST}`), policy).outcome, 'admitted');
  });

  it('C07 the order of the rules never changes a verdict', async () => {
    const rules = [NO_LATEST, ACME_ONLY, PINNED, NO_EVIL];
    const images = [
      'nginx',
      'ghcr.io/acme/app',
      'ghcr.io/acme/evil:1',
      `ghcr.io/acme/evil@${DIGEST}`,
      `ghcr.io/acme/app@${DIGEST}`,
    ];
    const verdicts = new Set<string>();
    for (const order of permutations(rules)) {
      const policy = await policyOf(...order);
      const found = images.map((image) => [
        image,
        objectors(decide(reviewOf(image), policy))
          .toSorted()
          .join(' '),
      ]);
      verdicts.add(JSON.stringify(found));
    }
    assert.equal(verdicts.size, 1);
    assert.deepEqual(JSON.parse([...verdicts][0] ?? ''), [
      ['nginx', 'acme-only no-latest pinned'],
      ['ghcr.io/acme/app', 'no-latest pinned'],
      ['ghcr.io/acme/evil:1', 'no-evil pinned'],
      [`ghcr.io/acme/evil@${DIGEST}`, 'no-evil'],
      [`ghcr.io/acme/app@${DIGEST}`, ''],
    ]);
  });

  it('C17 each image of an object must be admitted by a rule', async () => {
    const policy = await policyThat('Deny', { ...ACME_ONLY, match: { images: ['ghcr.io/**'] } });
    const containers = { a: 'ghcr.io/acme/a:1', b: 'registry.example.com/b:1', c: 'ghcr.io/acme/c:1' };
    assert.deepEqual(summarise(judge({ object: pod({ containers }) }, policy)), [
      'refused',
      'UNMATCHED_IMAGE spec.containers[1].image b',
    ]);
  });

  it('violations are in the order of the images, then in the order of the rules', async () => {
    const policy = await policyOf(PINNED, NO_LATEST);
    const { violations } = decide(reviewOf(['a:latest', 'b:latest']), policy);
    assert.deepEqual(
      violations.map(({ use, rule }) => `${use?.image} ${rule}`),
      ['a:latest pinned', 'a:latest no-latest', 'b:latest pinned', 'b:latest no-latest'],
    );
  });

  it('an invalid reference is refused, whatever the rules are', async () => {
    const policy = await policyThat('Allow', {
      ...NO_LATEST,
      validationActions: ['Audit'],
      match: { images: ['ghcr.io/**'] },
    });
    assert.deepEqual(summarise(decide(reviewOf('Nginx:1'), policy)), ['refused', 'INVALID_REFERENCE - -']);
  });

  it('the tag beside a digest has no effect: it violates no rule about tags, and it satisfies none', async () => {
    const image = `app:latest@${DIGEST}`;
    assert.equal(decide(reviewOf(image), await policyOf(NO_LATEST)).outcome, 'admitted');
    assert.equal(
      decide(reviewOf(image), await policyOf({ allowedTags: { tags: ['latest'] } })).outcome,
      'refused',
    );
  });
});

describe('an image that no rule vouches for', () => {
  const elsewhere: NamelessRule = { ...PINNED, match: { images: ['ghcr.io/**'] } };

  it('C08 is refused by the gate itself if the policy has Deny', async () => {
    const decision = decide(reviewOf('nginx'), await policyThat('Deny', elsewhere));
    assert.deepEqual(summarise(decision), ['refused', 'UNMATCHED_IMAGE - -']);
    assert.equal(englishText(decision.violations[0]?.reason), 'no rule of the policy allows this image');
    assert.equal(decision.violations[0]?.rule, undefined);
  });

  it('C08 is admitted if the policy has Allow', async () => {
    assert.deepEqual(summarise(decide(reviewOf('nginx'), await policyThat('Allow', elsewhere))), [
      'admitted',
    ]);
  });

  it('flip: unmatchedImages decides about images that are excluded from every rule', async () => {
    const excluded: NamelessRule = { ...ACME_ONLY, exclude: { namespaces: ['team-a'] } };
    assert.equal(decide(reviewOf('nginx'), await policyThat('Deny', excluded)).outcome, 'refused');
    assert.equal(decide(reviewOf('nginx'), await policyThat('Allow', excluded)).outcome, 'admitted');
  });

  it('includes an image that a rule names only for an unknown user', async () => {
    const policy = await policyThat('Deny', {
      ...NO_LATEST,
      match: { users: ['alice'], images: ['docker.io/library/*'] },
    });
    assert.equal(decide(reviewOf('nginx:1'), policy).outcome, 'admitted', 'the user is known to be alice');
    const decision = decide(imageReview.open(imageReviewOfImages(['nginx:1'])).review, policy);
    assert.deepEqual(summarise(decision), ['refused', 'UNMATCHED_IMAGE - -']);
    assert.match(
      englishText(decision.violations[0]?.reason),
      /^no rule certainly allows this image: the request does not carry/,
    );
  });
});

describe('the effect of a violation', () => {
  const table: readonly (readonly [ValidationAction[], Decision['outcome']])[] = [
    [['Deny'], 'refused'],
    [['Warn'], 'admitted'],
    [['Audit'], 'admitted'],
    [['Warn', 'Audit'], 'admitted'],
  ];
  for (const [actions, outcome] of table) {
    it(`flip: validationActions ${actions.join(', ')} of a rule has priority over that of the policy`, async () => {
      for (const ofPolicy of [['Deny'], ['Audit']] as const) {
        const document = policyDocument([{ ...NO_LATEST, validationActions: actions }]);
        const spec = { ...document.spec, validationActions: [...ofPolicy] };
        const decision = decide(reviewOf('nginx'), await decodePolicy({ ...document, spec }));
        assert.equal(decision.outcome, outcome);
        assert.deepEqual(decision.violations[0]?.actions, actions);
      }
    });
    it(`flip: spec.validationActions ${actions.join(', ')} applies to rules that have none`, async () => {
      const document = policyDocument([NO_LATEST]);
      const decision = decide(
        reviewOf('nginx'),
        await decodePolicy({ ...document, spec: { ...document.spec, validationActions: actions } }),
      );
      assert.equal(decision.outcome, outcome);
      assert.deepEqual(decision.violations[0]?.actions, actions);
    });
  }

  it('is a refusal by default', async () => {
    assert.equal(decide(reviewOf('nginx'), await policyOf(NO_LATEST)).outcome, 'refused');
  });

  it('is a refusal if one rule refuses and all others only warn', async () => {
    const policy = await policyOf({ ...PINNED, validationActions: ['Warn'] }, NO_LATEST, {
      ...ACME_ONLY,
      validationActions: ['Audit'],
    });
    const decision = decide(reviewOf('nginx'), policy);
    assert.equal(decision.outcome, 'refused');
    assert.deepEqual(objectors(decision), ['pinned', 'no-latest', 'acme-only']);
  });

  it('XH16 is a refusal for a reference that cannot be read, even if all rules only audit; no stage but deny refuses it', async () => {
    const policy = await policyOf({ ...ACME_ONLY, validationActions: ['Audit'] });
    assert.equal(decide(reviewOf('quay.io/other/app:1'), policy).outcome, 'admitted');
    for (const image of ['Registry.example.com/app:1', 'nginx:']) {
      const decision = decide(reviewOf(image), policy);
      assert.equal(decision.outcome, 'refused', image);
      const stages = (['deny', 'warn', 'audit'] as const).map((stage) => applyStage(decision, stage).outcome);
      assert.deepEqual(stages, ['refused', 'admitted', 'admitted']);
    }
  });

  it('is a refusal for an image that no rule vouches for, even if the actions of the policy are only Warn', async () => {
    const document = policyDocument(
      [PINNED, { ...ACME_ONLY, validationActions: ['Deny'], match: { namespaces: ['elsewhere'] } }],
      'Deny',
    );
    const policy = await decodePolicy({
      ...document,
      spec: { ...document.spec, validationActions: ['Warn'] },
    });
    assert.equal(decide(reviewOf('nginx'), policy).outcome, 'refused');
  });
});

describe('an update', () => {
  const template = (image: string, replicas: number) => ({
    ...deployment({ containers: { web: image } }),
    replicas,
  });

  it('of a template that keeps a bad image is admitted, with a warning about its new pods', () => {
    const decision = judge({ object: template(BAD, 2), oldObject: template(BAD, 1) });
    assert.deepEqual(summarise(decision), ['admitted']);
    assert.deepEqual(
      decision.notices.map(({ code, use }) => `${code} ${use && fieldOf(use)}`),
      ['UNCHANGED_VIOLATION spec.template.spec.containers[0].image'],
    );
  });

  it('of a pod that keeps a bad image is admitted without a notice', () => {
    const object = pod({ containers: { web: BAD } });
    const decision = judge({ object, oldObject: object });
    assert.deepEqual([decision.outcome, decision.notices.length], ['admitted', 0]);
  });

  it('of an image is judged', () => {
    assert.equal(judge({ object: template(BAD, 1), oldObject: template(GOOD, 1) }).outcome, 'refused');
    assert.equal(judge({ object: template(GOOD, 1), oldObject: template(BAD, 1) }).outcome, 'admitted');
  });

  it('of a template whose image violates only a rule that warns has no notice about a refusal', async () => {
    const policy = await policyOf({ ...NO_LATEST, validationActions: ['Warn'] });
    assert.deepEqual(judge({ object: template(BAD, 2), oldObject: template(BAD, 1) }, policy).notices, []);
  });
});

test('a decision names its policy and every image that was judged', async () => {
  const policy = await policyOf(NO_LATEST);
  const decision = decide(reviewOf(['nginx:1', 'Bad:1']), policy);
  assert.deepEqual(decision.policy, { name: 'test', revision: policy.identity.revision });
  assert.deepEqual(
    decision.uses.map(({ use, reference }) => `${use.image} ${reference.kind}`),
    ['nginx:1 image', 'Bad:1 invalid'],
  );
});

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item].concat(rest)),
  );
}
