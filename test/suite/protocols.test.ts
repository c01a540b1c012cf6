import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { NAMESPACE } from '#test/pods.ts';
import { admissionReviewOf, ALICE, imageReviewOf, kindOf, type Request } from '#test/reviews.ts';
import { ask, decide } from '#test/verdicts.ts';
import { admissionReview, imageReview } from '#test/protocols.ts';
import { parseDocuments } from '../../src/document/yaml.ts';
import { decodePolicy } from '../../src/policy/decode.ts';
import type { Decision } from '../../src/policy/decision.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Review } from '../../src/policy/review.ts';
import { findWorkloadKind, WORKLOAD_KINDS } from '../../src/workload/kinds.ts';
import { OPERATIONS, type User } from '../../src/workload/reviewed-object.ts';
import { CASES, DIFFERENCES, POLICIES, type Verdict } from './protocol-suite.ts';

const DOCUMENT = readFileSync(new URL('../../docs/protocols.md', import.meta.url), 'utf8');

/** The review without a protocol. */
function reviewOf(request: Request): Review {
  const { object, oldObject, subResource: subresource = '', namespace = NAMESPACE } = request;
  const { group, version, kind } = kindOf(object ?? oldObject);
  const body = request.operation ?? (oldObject === undefined ? 'CREATE' : 'UPDATE');
  const operation = OPERATIONS.find((known) => known === body);
  const user = (request.userInfo ?? ALICE) as unknown as User;
  const facts = { operation, subresource, namespace, user };
  return {
    ...facts,
    uid: undefined,
    dryRun: request.dryRun,
    resource: findWorkloadKind(group, kind)?.resource,
    object: undefined,
    subject: { kind: 'unread', reviewed: { ...facts, group, version, kind, object, oldObject } },
  };
}

/** The violations of each image, without the fields that a protocol may omit. */
function objectionsOf(decision: Decision): string[] {
  return decision.violations.map(({ code, actions, rule, use }) =>
    [code, actions.join('+'), rule ?? '-', use?.image ?? '-'].join(' '),
  );
}

interface Outcome {
  readonly verdict: Verdict;
  readonly objections: readonly string[];
}

const NOT_CALLED: Outcome = { verdict: 'not called', objections: [] };

function outcomeOf(review: Review, policy: Policy): Outcome {
  const decision = decide(review, policy);
  return {
    verdict: decision.outcome === 'admitted' ? 'admitted' : 'refused',
    objections: objectionsOf(decision),
  };
}

/** The outcome of one request in each protocol. Asserts that each answer has the verdict of its decision. */
function outcomesOf(request: Request, policy: Policy, before1_27_3 = false) {
  const body = before1_27_3 && request.subResource !== undefined ? undefined : imageReviewOf(request);
  const [v1, v1beta1] = (['v1', 'v1beta1'] as const).map((version) => {
    const document = admissionReviewOf(request, version);
    const outcome = outcomeOf(admissionReview.open(document).review, policy);
    const { allowed } = ask(admissionReview, document, policy).body['response'] as { allowed: boolean };
    assert.equal(allowed, outcome.verdict === 'admitted');
    return outcome;
  });
  const image = body === undefined ? NOT_CALLED : outcomeOf(imageReview.open(body).review, policy);
  if (body !== undefined) {
    const { allowed } = ask(imageReview, body, policy).body['status'] as { allowed: boolean };
    assert.equal(allowed, image.verdict === 'admitted');
  }
  return { core: outcomeOf(reviewOf(request), policy), v1, v1beta1, image };
}

/** A request that the API server does not send to the gate is admitted. */
function effectOf(verdict: Verdict): 'admitted' | 'refused' {
  return verdict === 'refused' ? 'refused' : 'admitted';
}

describe('every protocol gives the verdict of the core', () => {
  for (const [name, document] of Object.entries(POLICIES)) {
    describe(`policy: ${name}`, () => {
      for (const { what, request } of CASES) {
        it(what, async () => {
          const { core, v1, v1beta1, image } = outcomesOf(request, await decodePolicy(document));
          assert.deepEqual([v1, v1beta1], [core, core]);
          if (image.verdict === 'not called') assert.equal(core.verdict, 'admitted');
          else assert.deepEqual(image, core);
        });
      }
    });
  }

  it('the cases cover every verdict', async () => {
    const met = new Set<string>();
    for (const { request } of CASES) {
      for (const document of Object.values(POLICIES)) {
        const { image, core } = outcomesOf(request, await decodePolicy(document));
        met.add(image.verdict);
        for (const objection of core.objections) met.add(objection.split(' ')[0] ?? '');
      }
    }
    assert.deepEqual([...met].sort(), [
      'AMBIGUOUS_REFERENCE',
      'DIGEST_REQUIRED',
      'DISALLOWED_IMAGE',
      'DISALLOWED_TAG',
      'IMAGE_NOT_ALLOWED',
      'INVALID_REFERENCE',
      'NOT_FULLY_QUALIFIED',
      'TAG_NOT_ALLOWED',
      'TOO_MANY_IMAGES',
      'UNMATCHED_IMAGE',
      'admitted',
      'not called',
      'refused',
    ]);
  });
});

describe('the verdict of ImageReview differs only in the listed cases', () => {
  for (const { what, request, policy: document, before1_27_3, ...expected } of DIFFERENCES) {
    it(what, async () => {
      const policy = await decodePolicy(document);
      const { core, v1, v1beta1, image } = outcomesOf(request, policy, before1_27_3);
      assert.deepEqual([v1, v1beta1], [core, core]);
      assert.deepEqual(
        { admissionReview: core.verdict, imageReview: image.verdict },
        { admissionReview: expected.admissionReview, imageReview: expected.imageReview },
      );
      assert.notEqual(
        effectOf(core.verdict),
        effectOf(image.verdict),
        'there is no difference: remove it from the list',
      );
    });
  }

  it('docs/protocols.md lists exactly these cases', () => {
    const rows = DOCUMENT.split('\n')
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
      .filter(([, first = '', second = '']) => isVerdict(first) && isVerdict(second));
    const expected = DIFFERENCES.map((difference) => [
      difference.what,
      difference.admissionReview,
      difference.imageReview,
      difference.why,
    ]);
    assert.deepEqual(rows, expected);
  });
});

/** One of the `rules` of a `ValidatingWebhookConfiguration`. */
type WebhookRule = Readonly<
  Record<'apiGroups' | 'apiVersions' | 'operations' | 'resources', readonly string[]>
>;

describe('the webhook rules in docs/protocols.md', () => {
  const [yaml = ''] = /(?<=```yaml\n)[^`]*/.exec(DOCUMENT) ?? [];
  const [document] = parseDocuments(yaml, 'docs/protocols.md');
  assert.ok(document);
  const { rules } = document.value as { rules: readonly WebhookRule[] };

  it('A05 contain every resource of the table of kinds, and the subresource that a rule for pods does not include', () => {
    const named = rules.flatMap(({ apiGroups, resources }) =>
      resources.map((resource) => (apiGroups[0] === '' ? resource : `${resource}.${apiGroups.join()}`)),
    );
    const held = WORKLOAD_KINDS.map(({ resource }) => resource).concat('pods/ephemeralcontainers');
    assert.deepEqual(named.toSorted(), [...new Set(held)].toSorted());
  });

  it('A33 match every version, and not DELETE, which must not wait for the gate', () => {
    for (const { apiVersions, operations } of rules) {
      assert.deepEqual([apiVersions, operations], [['*'], ['CREATE', 'UPDATE']]);
    }
  });
});

function isVerdict(text: string): boolean {
  return ['admitted', 'refused', 'not called'].includes(text);
}
