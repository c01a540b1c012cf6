import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FIXED, images, kinds, objects, podImages, rules } from '#test/arbitraries.ts';
import { BAD, pod, podSpec } from '#test/pods.ts';
import { policyDocument, policyOf, type NamelessRule } from '#test/policies.ts';
import { admissionRequestOf, admissionReviewOf, imageReviewOfImages, UID } from '#test/reviews.ts';
import { ask, judge, summarise, type Reply } from '#test/verdicts.ts';
import { admissionReview, imageReview } from '#test/protocols.ts';
import { decodePolicy } from '../../src/policy/decode.ts';
import { isObject, type Fields } from '../../src/document/json.ts';

const anything = fc.jsonValue({ maxDepth: 4 });

/** Asserts that an answer is a verdict or an error, and that a refusal has a reason. */
function assertAnswered({ status, body, text }: Reply): void {
  assert.doesNotMatch(text, /\n/);
  const verdict = body['response'] ?? body['status'];
  if (status !== 200) {
    assert.ok(isObject(body['error']) && verdict === undefined);
    return;
  }
  assert.ok(isObject(verdict) && typeof verdict['allowed'] === 'boolean');
  if (verdict['allowed']) return;
  const reason = isObject(verdict['status']) ? verdict['status']['message'] : verdict['reason'];
  assert.ok(typeof reason === 'string' && reason !== '' && reason.length <= 1024);
}

/** Replaces one value of a document. At each level it chooses a key at random. */
function withReplaced(value: unknown, steps: readonly number[], replacement: unknown): unknown {
  const [step, ...others] = steps;
  if (step === undefined || typeof value !== 'object' || value === null) return replacement;
  const keys = Object.keys(value);
  const key = keys[step % keys.length];
  if (key === undefined) return replacement;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  Object.assign(copy, { [key]: withReplaced((value as Fields)[key], others, replacement) });
  return copy;
}

describe('every request gets an answer', () => {
  it('any JSON, by both protocols', () => {
    fc.assert(
      fc.property(anything, (document) => {
        assertAnswered(ask(admissionReview, document));
        assertAnswered(ask(imageReview, document));
      }),
      FIXED,
    );
  });

  it('any JSON as the content of a review', () => {
    fc.assert(
      fc.property(anything, anything, anything, (object, oldObject, kind) => {
        const request = { ...admissionRequestOf({ object: pod() }), object, oldObject };
        const envelope = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' };
        assertAnswered(ask(admissionReview, { ...envelope, request }));
        assertAnswered(ask(admissionReview, { ...envelope, request: { ...request, kind } }));
        assertAnswered(ask(imageReview, { ...imageReviewOfImages([]), spec: object }));
        assertAnswered(ask(imageReview, imageReviewOfImages([object, oldObject])));
      }),
      FIXED,
    );
  });

  it('real reviews with any one value replaced by any JSON', () => {
    const steps = fc.array(fc.nat({ max: 20 }), { maxLength: 9 });
    fc.assert(
      fc.property(objects, objects, steps, anything, (object, oldObject, path, replacement) => {
        for (const request of [{ object }, { object, oldObject }]) {
          assertAnswered(ask(admissionReview, withReplaced(admissionReviewOf(request), path, replacement)));
        }
        assertAnswered(ask(imageReview, withReplaced(imageReviewOfImages([BAD]), path, replacement)));
      }),
      FIXED,
    );
  });

  it('real reviews, by v1 and v1beta1 alike', () => {
    fc.assert(
      fc.property(objects, objects, (object, oldObject) => {
        const [v1, v1beta1] = (['v1', 'v1beta1'] as const).map((version) =>
          ask(admissionReview, admissionReviewOf({ object, oldObject }, version)),
        );
        assert.deepEqual(v1?.body['response'], v1beta1?.body['response']);
        assert.ok(isObject(v1?.body['response']) && v1.body['response']['uid'] === UID);
      }),
      FIXED,
    );
  });
});

describe('a policy applies to all images and objects', () => {
  const VOUCHER = {
    name: 'voucher',
    match: { images: ['registry.example.com/**'] },
    requireFullyQualified: {},
  };
  const someRules = fc.array(rules, { minLength: 1, maxLength: 5 });

  it('C07 the order of the rules changes no verdict and no objection', async () => {
    const orders = someRules.chain((some) => {
      const named = some.map((rule, index) => Object.assign({}, rule, { name: `rule-${index}` }));
      return fc.tuple(fc.constant(named), fc.shuffledSubarray(named, { minLength: named.length }));
    });
    await fc.assert(
      fc.asyncProperty(orders, objects, async ([some, shuffled], object) => {
        const [one, other] = await Promise.all(
          [some, shuffled].map(async (order) => {
            const policy = await decodePolicy(policyDocument([...order, VOUCHER], 'Deny'));
            const { outcome, violations } = judge({ object }, policy);
            return { outcome, violations: violations.map((violation) => JSON.stringify(violation)).sort() };
          }),
        );
        assert.deepEqual(one, other);
      }),
      FIXED,
    );
  });

  it('an additional rule that denies never causes an admission', async () => {
    await fc.assert(
      fc.asyncProperty(someRules, rules, objects, async (some, rule, object) => {
        const before = judge({ object }, await policyOf(...some));
        const more: NamelessRule = { ...rule, validationActions: ['Deny'] };
        const after = judge({ object }, await policyOf(...some, more));
        assert.ok(before.outcome === 'admitted' || after.outcome === 'refused');
        assert.ok(after.violations.length >= before.violations.length);
      }),
      FIXED,
    );
  });

  it('XH4 an additional rule admits more only if it vouches', async () => {
    let unmatched = 0;
    await fc.assert(
      fc.asyncProperty(someRules, rules, objects, async (some, rule, object) => {
        const verdictOf = async (...more: readonly NamelessRule[]) =>
          judge({ object }, await decodePolicy(policyDocument([VOUCHER, ...some, ...more], 'Deny')));
        const [before, after] = [await verdictOf(), await verdictOf(rule)];
        const isDenying = rule.validationActions?.includes('Deny') === true;
        const names = 'allowedImages' in rule || rule.match?.images !== undefined;
        if (isDenying && names) return;
        if (before.violations.some(({ code }) => code === 'UNMATCHED_IMAGE')) unmatched += 1;
        assert.ok(before.outcome === 'refused' || after.violations.length >= before.violations.length);
        assert.ok(before.outcome === 'admitted' || after.outcome === 'refused');
      }),
      FIXED,
    );
    assert.ok(unmatched > 50, 'some images need a rule that vouches');
  });

  it('a bad image is refused in every list of every kind, beside any other images', () => {
    const places = fc.constantFrom('containers', 'initContainers', 'ephemeralContainers', 'volumes');
    fc.assert(
      fc.property(kinds, podImages, places, fc.nat(), (of, parts, place, position) => {
        const others = Object.entries(parts[place] ?? {});
        others.splice(position % (others.length + 1), 0, ['hidden', BAD]);
        const object = of({
          ephemeralContainers: [],
          ...podSpec({ containers: { web: 'nginx:1' }, ...parts, [place]: Object.fromEntries(others) }),
        });
        const [outcome, ...violations] = summarise(judge({ object }));
        assert.equal(outcome, 'refused');
        // An unreadable object is refused before its images are reviewed.
        const named = violations.some(
          (text) => text.startsWith('DISALLOWED_TAG ') && text.endsWith(' hidden'),
        );
        assert.ok(named || violations.some((text) => text.startsWith('MALFORMED_OBJECT ')));
      }),
      FIXED,
    );
  });

  it('a pod is refused if and only if one of its images alone is refused', () => {
    fc.assert(
      fc.property(fc.array(images, { minLength: 1, maxLength: 6 }), (some) => {
        const podOfAll = pod({
          containers: Object.fromEntries(some.map((image, index) => [`c${index}`, image])),
        });
        const alone = some.map((image) => judge({ object: pod({ containers: { web: image } }) }).outcome);
        assert.equal(judge({ object: podOfAll }).outcome === 'refused', alone.includes('refused'));
      }),
      FIXED,
    );
  });
});
