// Issue 10: three reviews that must not be refused if a source does not answer, through both protocols and the
// server.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { deployment, GOOD, pod } from '#test/pods.ts';
import { policyOf } from '#test/policies.ts';
import { admissionReview, imageReview } from '#test/protocols.ts';
import { approvedRule, createTestClock, policyOfRules, type TestClock } from '#test/questions.ts';
import { ask, startGate } from '#test/review-server.ts';
import { admissionReviewOf, imageReviewOfImages, type Request } from '#test/reviews.ts';
import { createBouncer } from '../../src/bouncer.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Rule } from '../../src/policy/rule.ts';
import { Asker } from '../../src/question/asker.ts';
import type { ReviewServer } from '../../src/server/server.ts';

/** Two servers for one gate: one source rejects, and one source never answers. */
interface Gates {
  readonly rejecting: ReviewServer;
  readonly silent: ReviewServer;
  readonly asked: () => number;
}

async function openGates(policy: Policy): Promise<Gates> {
  let asked = 0;
  const open = (answer: (clock: TestClock) => Promise<never>): Promise<ReviewServer> => {
    const clock = createTestClock();
    const source = {
      kind: 'approval',
      ask: () => {
        asked += 1;
        return answer(clock);
      },
    };
    return startGate({
      protocols: { admissionReview, imageReview },
      bouncer: createBouncer({
        policies: { current: () => policy },
        asker: new Asker({ sources: [source], clock }),
      }),
    });
  };
  return {
    rejecting: await open(() => Promise.reject(new Error('no route to the registry'))),
    silent: await open((clock) => {
      // The complete time of the review passes immediately.
      queueMicrotask(() => clock.pass(60_000));
      return new Promise(() => undefined);
    }),
    asked: () => asked,
  };
}

interface Verdict {
  readonly allowed: boolean;
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
  readonly status?: { readonly message: string };
  readonly reason?: string;
}

async function validate(gate: ReviewServer, request: Request): Promise<Verdict> {
  const body = JSON.stringify(admissionReviewOf(request));
  const { status, text } = await ask(gate, { path: '/validate', body });
  assert.equal(status, 200);
  return (JSON.parse(text) as { response: Verdict }).response;
}

async function reviewImages(gate: ReviewServer, namespace: string): Promise<Verdict> {
  const body = JSON.stringify(imageReviewOfImages([GOOD], namespace));
  const { status, text } = await ask(gate, { path: '/image-policy', body });
  assert.equal(status, 200);
  return (JSON.parse(text) as { status: Verdict }).status;
}

async function openPolicy(parts: object): Promise<Policy> {
  const [rule] = (await policyOf({ name: 'approved', requiredDigest: {}, ...parts })).rules;
  assert.ok(rule !== undefined);
  const asking: Rule = { ...rule, check: approvedRule().check };
  return policyOfRules(asking);
}

const SENTENCES = {
  rejecting: /the rule needs an answer that the gate could not get \[rule approved\]/,
  silent: /the rule needs an answer that did not come in time \[rule approved\]/,
} as const;

for (const source of ['rejecting', 'silent'] as const) {
  describe(`a gate whose source does not work (${source})`, () => {
    const opened: Gates[] = [];
    let warning: Gates;
    let elsewhere: Gates;
    let refusing: Gates;
    before(async () => {
      warning = await openGates(await openPolicy({ validationActions: ['Warn'] }));
      elsewhere = await openGates(await openPolicy({ match: { namespaces: ['prod'] } }));
      refusing = await openGates(await openPolicy({}));
      opened.push(warning, elsewhere, refusing);
    });
    after(async () => {
      await Promise.all(opened.flatMap(({ rejecting, silent }) => [rejecting.close(), silent.close()]));
    });

    it('C13 admits an image with a warning if only a Warn rule selects it', async () => {
      const { allowed, warnings = [] } = await validate(warning[source], { object: pod() });
      assert.equal(allowed, true);
      assert.match(warnings.join('\n'), SENTENCES[source]);
      const { allowed: admitted, auditAnnotations } = await reviewImages(warning[source], 'team-a');
      assert.equal(admitted, true);
      assert.match(auditAnnotations?.['warnings'] ?? '', SENTENCES[source]);
    });

    it('C13 admits an object of another namespace without a question', async () => {
      assert.deepEqual((await validate(elsewhere[source], { object: pod() })).warnings, undefined);
      assert.equal((await validate(elsewhere[source], { object: pod() })).allowed, true);
      assert.equal((await reviewImages(elsewhere[source], 'team-a')).allowed, true);
      assert.equal(elsewhere.asked(), 0);
    });

    it('C13 admits a DELETE and an update of the scale without a question', async () => {
      const deleted = { object: null, oldObject: pod(), operation: 'DELETE' } as const;
      assert.equal((await validate(refusing[source], deleted)).allowed, true);
      const scaled = { object: deployment(), oldObject: deployment(), operation: 'UPDATE' } as const;
      assert.equal((await validate(refusing[source], scaled)).allowed, true);
      assert.equal(refusing.asked(), 0);
    });

    it('C13 refuses an image that a Deny rule selects, with the message of this rule', async () => {
      const { allowed, status } = await validate(refusing[source], { object: pod() });
      assert.equal(allowed, false);
      assert.match(status?.message ?? '', SENTENCES[source]);
      const { allowed: admitted, reason } = await reviewImages(refusing[source], 'team-a');
      assert.equal(admitted, false);
      assert.match(reason ?? '', SENTENCES[source]);
      assert.equal(refusing.asked(), 2);
    });
  });
}
